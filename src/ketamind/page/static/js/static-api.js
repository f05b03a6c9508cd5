/** The static edition's answers: files beside the page, made by `ketamind page --static`. */
import { Api } from "./api.js";

export class StaticApi extends Api {}

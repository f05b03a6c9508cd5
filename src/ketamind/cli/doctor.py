"""The command that looks at the installation."""

import typer

from ketamind.cli.common import Json, app, print_json


@app.command()
def doctor(as_json: Json = False) -> None:
    """Look at versions, engine, cache, data and optional packages; exit 1 if something needed is amiss."""
    from ketamind.doctor import examine

    report = examine()
    if as_json:
        print_json(report.as_json())
    else:
        print(report.as_text())
    if not report.well:
        raise typer.Exit(1)

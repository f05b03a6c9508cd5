"""What reaches the pore of the NMDA receptor: ketamine and its metabolites as one dose, in units of the racemate.

    C = K S/K_S + K R/K_R + K SNK/K_SNK + K RNK/K_RNK + K DHNK/K_DHNK ... + p_rr (2R,6R)-HNK + K (2S,6S)-HNK/K_ss
    K = 2 / (1/K_S + 1/K_R), the affinity of a 1:1 mixture

All bind to the one site in the pore, so that their doses add (K: Ki against [3H]MK-801). With the mechanism off
nothing reaches the pore, and there is no block.

Source: ebert-1997 (ketamine, norketamine), moaddel-2013 (dehydronorketamine, (2S,6S)-HNK), abbott-2020 ((2R,6R)-HNK
100 times weaker than ketamine on GluN1/2A current).
"""

from typing import Any

from ketamind.declare import Component, Input, Output, Parameter


def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    K = 2 / (1 / p.K_S + 1 / p.K_R)
    ketamine = u.S / p.K_S + u.R / p.K_R
    norketamine = u.S_NK / p.K_SNK + u.R_NK / p.K_RNK
    dehydronorketamine = u.S_DHNK / p.K_SDHNK + u.R_DHNK / p.K_RDHNK
    hydroxynorketamine = p.potency_2r6r * u.HNK_2r6r + K * u.HNK_2s6s / p.K_2s6s
    return {"C": K * (ketamine + norketamine + dehydronorketamine) + hydroxynorketamine}


def single_readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    return {"C": u.C_brain}


KETAMINE_EXPOSURE = Component(
    name="nmda_exposure_ketamine",
    summary="Ketamine and metabolites at the NMDA pore, summed by affinity",
    mechanism="nmda",
    inputs=(
        Input("S", "uM", "unbound S-ketamine in brain", wire="brain_unbound_s_ketamine", absent=0.0),
        Input("R", "uM", "unbound R-ketamine in brain", wire="brain_unbound_r_ketamine", absent=0.0),
        Input("S_NK", "uM", "unbound S-norketamine in brain", wire="brain_unbound_s_norketamine", absent=0.0),
        Input("R_NK", "uM", "unbound R-norketamine in brain", wire="brain_unbound_r_norketamine", absent=0.0),
        Input("S_DHNK", "uM", "unbound S-DHNK in brain", wire="brain_unbound_s_dehydronorketamine", absent=0.0),
        Input("R_DHNK", "uM", "unbound R-DHNK in brain", wire="brain_unbound_r_dehydronorketamine", absent=0.0),
        Input("HNK_2r6r", "uM", "unbound (2R,6R)-HNK in brain", wire="brain_unbound_hnk_2r6r", absent=0.0),
        Input("HNK_2s6s", "uM", "unbound (2S,6S)-HNK in brain", wire="brain_unbound_hnk_2s6s", absent=0.0),
    ),
    parameters=(
        Parameter("K_S", "uM", "Ki of S-ketamine", row="nmda.Ki_s_ketamine"),
        Parameter("K_R", "uM", "Ki of R-ketamine", row="nmda.Ki_r_ketamine"),
        Parameter("K_SNK", "uM", "Ki of S-norketamine", row="nmda.Ki_s_norketamine"),
        Parameter("K_RNK", "uM", "Ki of R-norketamine", row="nmda.Ki_r_norketamine"),
        Parameter("K_SDHNK", "uM", "Ki of S-dehydronorketamine", row="nmda.Ki_s_dehydronorketamine"),
        Parameter("K_RDHNK", "uM", "Ki of R-dehydronorketamine", row="nmda.Ki_r_dehydronorketamine"),
        Parameter("potency_2r6r", "1", "potency of (2R,6R)-HNK over ketamine", row="nmda.potency_hnk_2r6r"),
        Parameter("K_2s6s", "uM", "Ki of (2S,6S)-HNK", row="nmda.Ki_hnk_2s6s"),
    ),
    outputs=(Output("C", "uM", "ketamine equivalents at the pore", wire="nmda_blocker_ketamine", when_off=0.0),),
    readout=readout,
    source="ebert-1997",
)


def exposure(drug: str) -> Component:
    """What reaches the pore of a blocker that is counted by itself."""
    return Component(
        name=f"nmda_exposure_{drug}",
        summary=f"{drug} at the NMDA pore",
        mechanism="nmda",
        inputs=(Input("C_brain", "uM", f"unbound {drug} in brain", wire=f"brain_unbound_{drug}"),),
        outputs=(Output("C", "uM", f"{drug} at the pore", wire=f"nmda_blocker_{drug}", when_off=0.0),),
        readout=single_readout,
    )

"""The invariants of reliability.md 6.4 that a run is judged by, each a pure question to the evidence."""

from collections.abc import Callable, Iterator, Mapping

from referee.invariants.clocks import alerts_in_time, kept_limits_never_alert
from referee.invariants.convergence import views_agree
from referee.invariants.delivery import effects_once, one_assignment, order_kept
from referee.invariants.evidence import Evidence
from referee.invariants.findings import Finding
from referee.invariants.messages import no_sms_twice, nothing_unsent, nothing_untrue_sent, one_letter_for_a_breach
from referee.invariants.recovery import flows_run_again, others_undisturbed
from referee.invariants.rest import no_personal_data, nothing_grown, nothing_left_over
from referee.invariants.taken_in import nothing_invented, nothing_lost, one_case_for_a_key

INVARIANTS: Mapping[str, Callable[[Evidence], Iterator[Finding]]] = {
    "I1": nothing_lost,
    "I2": nothing_invented,
    "I3": one_case_for_a_key,
    "I4": effects_once,
    "I5": no_sms_twice,
    "I6": nothing_unsent,
    "I7": nothing_untrue_sent,
    "I8": one_letter_for_a_breach,
    "I9": alerts_in_time,
    "I10": kept_limits_never_alert,
    "I11": order_kept,
    "I12": one_assignment,
    "I13": views_agree,
    "I14": nothing_left_over,
    "I15": nothing_grown,
    "I16": others_undisturbed,
    "I18": flows_run_again,
    "I19": no_personal_data,
}


def judge(evidence: Evidence) -> list[Finding]:
    """Every finding, invariant by invariant; an empty list is the only good answer."""
    return [finding for question in INVARIANTS.values() for finding in question(evidence)]

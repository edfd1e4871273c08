"""What Slurm says of a job, in words. Sources: "JOB STATE CODES" and "JOB REASON CODES" of squeue(1)."""

from __future__ import annotations

PENDING = frozenset(
    {"PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED", "SPECIAL_EXIT", "RESV_DEL_HOLD"}
)
ACTIVE = frozenset({"RUNNING", "COMPLETING", "SUSPENDED", "STOPPED", "SIGNALING", "STAGE_OUT", "RESIZING"})
OUT_OF_MEMORY = "OUT_OF_MEMORY"
BAD_NODE = frozenset({"NODE_FAIL", "BOOT_FAIL"})

_REASONS = {
    "Resources": "Resources: waits for room",
    "Priority": "Priority: waits behind others",
    "BeginTime": "BeginTime: not before its time",
    "Dependency": "Dependency: waits for another job",
    "JobHeldUser": "JobHeldUser: held by its user (scontrol release)",
    "JobHeldAdmin": "JobHeldAdmin: held by an administrator",
    "Licenses": "Licenses: waits for a licence",
    "PartitionDown": "PartitionDown: its partition is down",
    "PartitionInactive": "PartitionInactive: its partition takes no jobs now",
    "PartitionConfig": "PartitionConfig: will never start; it asks for more than a node of its partition has",
    "PartitionNodeLimit": "PartitionNodeLimit: will never start; it asks for more nodes than its partition gives",
    "PartitionTimeLimit": "PartitionTimeLimit: will never start; it asks for more time than its partition gives",
    "BadConstraints": "BadConstraints: will never start; no node has what it asks for",
    "InvalidAccount": "InvalidAccount: will never start; its account is not valid",
    "InvalidQOS": "InvalidQOS: will never start; its quality of service is not valid",
    "ReqNodeNotAvail": "ReqNodeNotAvail: a node that it needs is not there now",
}
NEVER = frozenset({"BadConstraints", "InvalidAccount", "InvalidQOS"})
"""Reasons of jobs that the queue has given up, and would again."""
_ENDS = {
    "NODE_FAIL": "its node failed",
    "BOOT_FAIL": "its node did not start",
    "CANCELLED": "it was cancelled there (scancel)",
    "PREEMPTED": "it had to make room for another job",
    "TIMEOUT": "the time that the queue gave it was over",
    "DEADLINE": "its deadline was over",
    "REVOKED": "it was moved to another cluster",
    OUT_OF_MEMORY: "it took more memory than it was given",
}


ENDED_THERE = frozenset(_ENDS) - {OUT_OF_MEMORY}
"""States of jobs that were ended by their queue, whatever their program did."""


def is_over(state: str) -> bool:
    """Whether a job in this state runs no more, and never will."""
    return state not in PENDING and state not in ACTIVE


def why_pending(reason: str) -> str:
    """Why a job waits."""
    code = reason.partition(",")[0].strip()
    return _REASONS.get(code, "" if code in ("", "None") else code)


def why_over(state: str, nodes: str) -> str:
    """Why a job ended without its program: ``its node failed (NODE_FAIL on n2)``."""
    if state in PENDING:
        return "the queue ended it to begin it once more (scontrol requeue)"
    where = f" on {nodes}" if nodes else ""
    return f"{_ENDS[state]} ({state}{where})" if state in _ENDS else f"the queue says {state}{where}"

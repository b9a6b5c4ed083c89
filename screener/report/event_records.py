"""`screener events --json` as plain objects (CONTRACT)."""

from __future__ import annotations

from screener.judgement.events import EventRow, EventStudy, WindowFigure
from screener.report.events import event_gaps
from screener.report.records import Record, plain, prices_record, versions
from screener.terms.say import Lang, say
from screener.thesis.policies import Checkpoint, Policy


def events_record(study: EventStudy, lang: Lang = "zh") -> Record:
    """`screener events --json` as one object."""
    policies = {policy.id: policy for policy in study.book.policies}
    return {
        "thesis": study.thesis.slug,
        "title": study.thesis.title,
        "as_of": plain(study.as_of),
        "benchmark": study.benchmark,
        "series": study.series,
        "seed": study.seed,
        "prices": prices_record(study.prices, lang),
        "causality": say("events_no_cause", lang),
        "events": [_policy_record(policy) for policy in study.book.policies],
        "rows": [_event_record(row, policies[row.event], lang) for row in study.rows],
        "means": plain(study.means, lang),
        "targets": [_target_record(each) for each in study.checkpoints],
        "gaps": [{"subject": subject, "code": gap.code, "reason": text} for (subject, text), gap in event_gaps(study, lang)],
        "versions": versions(),
    }


def _policy_record(policy: Policy) -> Record:
    record: Record = policy.model_dump(mode="json", exclude={"targets"})
    return {**record, "fields": list(policy.fields)}


def _event_record(row: EventRow, policy: Policy, lang: Lang) -> Record:
    date = row.date
    return {
        "event": row.event,
        "subject": row.subject,
        "kind": row.kind,
        "concerned": row.concerned,
        "date": plain(policy.day),
        "month": policy.month,
        "dated": date.dated if date else None,
        "session": plain(date.first) if date and date.dated == "day" else None,
        "first_session": plain(date.first) if date else None,
        "last_session": plain(date.last) if date else None,
        "windows": [_window_record(figure, lang) for figure in row.windows],
    }


def _window_record(figure: WindowFigure, lang: Lang) -> Record:
    record: Record = plain(figure, lang)
    record["placebo_percentile"] = record.pop("percentile")
    record["placebo_dates"] = record.pop("dates")
    return record


def _target_record(checkpoint: Checkpoint) -> Record:
    policy, target = checkpoint.policy, checkpoint.target
    return {"event": policy.id, "month": policy.month, "region": policy.region, **target.model_dump(mode="json")} | {
        "status": checkpoint.status,
        "attained": None,
    }

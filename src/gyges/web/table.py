# SPDX-License-Identifier: Apache-2.0
"""The API, line by line: method, path, who may, what goes in, what comes out. The one place that knows it.

The door serves it, the OpenAPI document is written from it, and tests walk it with a key of every scope.
A route that is not here does not exist; a scope that is not named is refused; `PUBLIC` is said aloud.
No line that decides anything names AGENT, and a test holds it to that.
"""

from gyges.answer import Answer
from gyges.gate.explain import Explanation
from gyges.gate.reviewers import Record
from gyges.principal import Scope
from gyges.standing import Grant, Stop
from gyges.watch.asked import AgentDrift, FeatureDrift
from gyges.watch.docket import Noted
from gyges.watch.episodes import Closed, Opened
from gyges.watch.measures import Taken
from gyges.web import (
    agents,
    bodies,
    cases,
    deciding,
    drift,
    episode_bodies,
    episodes,
    health,
    healthpage,
    history,
    keys,
    logs,
    people,
    policies,
    records,
    timeline,
    views,
)
from gyges.web.call import Route
from gyges.web.routing import Table

AGENT, EXECUTOR, APPROVER, AUDITOR, ADMIN = (
    frozenset({scope})
    for scope in (Scope.AGENT, Scope.EXECUTOR, Scope.APPROVER, Scope.AUDITOR, Scope.ADMIN)
)
PUBLIC = None
SEES_CASES = AGENT | APPROVER | AUDITOR | EXECUTOR
OVERSEES = APPROVER | AUDITOR | ADMIN
TEXT, BYTES, LINES = "text/plain", "application/octet-stream", "application/jsonl"
CASE = "/v1/actions/{id}"
EPISODE = "/v1/episodes/{id}"
PERSON = "/v1/people/{name}"

ROUTES = (
    Route(method="POST", path="/v1/actions", scopes=AGENT, handler=cases.propose,
          body=bodies.Propose, query=bodies.WaitQuery, answer=Answer, also=(202,),
          headers=("Idempotency-Key",)),
    Route(method="GET", path="/v1/actions", scopes=AGENT | APPROVER | AUDITOR,
          handler=cases.list_cases, query=bodies.ListQuery, answer=views.Answers),
    Route(method="GET", path=CASE, scopes=SEES_CASES, handler=cases.look,
          query=bodies.LookQuery, answer=Answer, also=(202,)),
    Route(method="GET", path=f"{CASE}/stream", scopes=SEES_CASES, handler=cases.stream,
          media="text/event-stream", headers=("Last-Event-ID",)),
    Route(method="GET", path=f"{CASE}/timeline", scopes=APPROVER | AUDITOR,
          handler=timeline.look_at_timeline, answer=timeline.Timeline),
    Route(method="POST", path=f"{CASE}/withdraw", scopes=AGENT, handler=cases.withdraw,
          body=bodies.Withdraw, body_optional=True, answer=Answer),
    Route(method="POST", path=f"{CASE}/decision", scopes=APPROVER, handler=deciding.decide,
          body=bodies.Decide, answer=Answer),
    Route(method="POST", path=f"{CASE}/take-back", scopes=APPROVER, handler=deciding.take_back,
          body=bodies.Withdraw, body_optional=True, answer=Answer),
    Route(method="POST", path=f"{CASE}/edit", scopes=APPROVER, handler=deciding.edit,
          body=bodies.Edit, answer=Answer, status=201),
    Route(method="POST", path=f"{CASE}/redeem", scopes=EXECUTOR, handler=cases.redeem,
          body=bodies.Redeem, answer=Answer),
    Route(method="POST", path=f"{CASE}/outcome", scopes=EXECUTOR, handler=cases.outcome,
          body=bodies.Report, answer=Answer),
    Route(method="POST", path="/v1/episodes", scopes=AGENT, handler=episodes.open_episode,
          body=episode_bodies.OpenEpisode, body_optional=True, answer=Opened),
    Route(method="POST", path=f"{EPISODE}/close", scopes=AGENT, handler=episodes.close_episode,
          answer=Closed),
    Route(method="POST", path=f"{EPISODE}/measures", scopes=EXECUTOR | AUDITOR,
          handler=episodes.measure_episode, body=episode_bodies.MeasureEpisode, answer=Taken),
    Route(method="GET", path="/v1/drift", scopes=OVERSEES, handler=drift.show_fleet,
          answer=drift.Fleet),
    Route(method="GET", path="/v1/drift/{agent}", scopes=OVERSEES, handler=drift.show_agent_drift,
          answer=AgentDrift),
    Route(method="GET", path="/v1/drift/{agent}/{feature}", scopes=OVERSEES,
          handler=drift.show_feature_drift, answer=FeatureDrift),
    Route(method="POST", path="/v1/drift/alarms/{id}/settle", scopes=APPROVER | ADMIN,
          handler=drift.settle_alarm, body=drift.SettleAlarm, answer=Noted),
    Route(method="POST", path="/v1/drift/{agent}/baseline", scopes=APPROVER | ADMIN,
          handler=drift.freeze_baseline, body=drift.FreezeBaseline, answer=drift.ActedOn),
    Route(method="POST", path="/v1/drift/{agent}/{feature}/unmute", scopes=APPROVER | ADMIN,
          handler=drift.unmute_feature, body=drift.ActOnDrift, answer=drift.ActedOn),
    Route(method="GET", path="/v1/ring", scopes=OVERSEES, handler=drift.show_rings,
          answer=drift.Rings),
    Route(method="GET", path="/v1/history", scopes=APPROVER | AUDITOR, handler=history.search_history,
          query=bodies.HistoryQuery, answer=history.History),
    Route(method="GET", path="/v1/agents", scopes=OVERSEES, handler=agents.list_agents,
          answer=agents.Agents),
    Route(method="GET", path="/v1/agents/{name}", scopes=OVERSEES, handler=agents.show_agent,
          answer=agents.Profile),
    Route(method="GET", path="/v1/health", scopes=OVERSEES, handler=healthpage.show_health,
          answer=healthpage.Standing),
    Route(method="GET", path="/v1/grants", scopes=OVERSEES, handler=deciding.list_grants,
          query=bodies.GrantsQuery, answer=views.Grants),
    Route(method="POST", path="/v1/grants", scopes=APPROVER, handler=deciding.make_grant,
          body=bodies.MakeGrant, answer=Grant, status=201),
    Route(method="POST", path="/v1/grants/{id}/revoke", scopes=APPROVER | ADMIN,
          handler=deciding.revoke_grant, answer=Grant),
    Route(method="GET", path="/v1/stops", scopes=OVERSEES, handler=deciding.list_stops,
          answer=views.Stops),
    Route(method="PUT", path="/v1/stops/{scope}", scopes=APPROVER | ADMIN,
          handler=deciding.put_stop, body=bodies.PutStop, body_optional=True, answer=Stop),
    Route(method="DELETE", path="/v1/stops/{scope}", scopes=ADMIN, handler=deciding.lift_stop,
          status=204),
    Route(method="GET", path="/v1/reviewers", scopes=OVERSEES, handler=records.list_records,
          query=bodies.DaysQuery, answer=views.Records),
    Route(method="GET", path="/v1/reviewers/{name}", scopes=OVERSEES, handler=records.show_record,
          query=bodies.DaysQuery, answer=Record),
    Route(method="POST", path="/v1/planted", scopes=ADMIN, handler=records.plant,
          body=bodies.Plant, answer=Answer, status=201),
    Route(method="GET", path="/v1/policy", scopes=OVERSEES, handler=policies.show,
          answer=views.PolicyView),
    Route(method="POST", path="/v1/policy/explain", scopes=OVERSEES, handler=policies.explain,
          body=bodies.Explain, answer=Explanation),
    Route(method="POST", path="/v1/policy/reload", scopes=ADMIN, handler=policies.reload,
          answer=views.Reloaded),
    Route(method="POST", path="/v1/tools/visible", scopes=AGENT, handler=policies.visible,
          body=bodies.VisibleTools, answer=views.Tools),
    Route(method="GET", path="/v1/keys", scopes=ADMIN, handler=keys.list_keys,
          answer=views.Keys),
    Route(method="POST", path="/v1/keys", scopes=ADMIN, handler=keys.make_key,
          body=bodies.MakeKey, answer=views.NewKey, status=201),
    Route(method="POST", path="/v1/keys/{id}/revoke", scopes=ADMIN, handler=keys.revoke_key,
          answer=views.KeyView),
    Route(method="GET", path="/v1/people", scopes=ADMIN | AUDITOR, handler=people.list_people,
          answer=views.People),
    Route(method="POST", path="/v1/people", scopes=ADMIN, handler=people.add_person,
          body=bodies.AddPerson, answer=views.PersonView, status=201),
    Route(method="GET", path=PERSON, scopes=ADMIN | AUDITOR, handler=people.show_person,
          answer=views.PersonView),
    Route(method="PATCH", path=PERSON, scopes=ADMIN, handler=people.change_person,
          body=bodies.ChangePerson, answer=views.PersonView),
    Route(method="POST", path=f"{PERSON}/disable", scopes=ADMIN, handler=people.disable_person,
          answer=views.PersonView),
    Route(method="POST", path=f"{PERSON}/enable", scopes=ADMIN, handler=people.enable_person,
          answer=views.PersonView),
    Route(method="POST", path=f"{PERSON}/link", scopes=ADMIN, handler=people.make_link,
          answer=views.NewLink, status=201),
    Route(method="GET", path=f"{PERSON}/sessions", scopes=ADMIN | AUDITOR,
          handler=people.list_sessions, answer=views.Sessions),
    Route(method="POST", path=f"{PERSON}/sessions/end", scopes=ADMIN,
          handler=people.end_sessions, answer=views.Ended),
    Route(method="POST", path="/v1/signer/rotate", scopes=ADMIN, handler=keys.rotate,
          answer=views.Rotated),
    Route(method="GET", path="/v1/log/events", scopes=AUDITOR, handler=logs.events,
          query=bodies.EventsQuery, answer=views.Events),
    Route(method="GET", path="/v1/log/proof/{index}", scopes=PUBLIC, handler=logs.inclusion,
          query=bodies.ProofQuery, answer=views.Inclusion),
    Route(method="GET", path="/v1/log/consistency", scopes=PUBLIC, handler=logs.consistency,
          query=bodies.ConsistencyQuery, answer=views.Consistency),
    Route(method="GET", path="/v1/evidence", scopes=AUDITOR, handler=logs.evidence,
          query=bodies.EvidenceQuery, media=LINES),
    Route(method="GET", path="/log/checkpoint", scopes=PUBLIC, handler=logs.latest, media=TEXT),
    Route(method="GET", path="/log/tile/{path*}", scopes=PUBLIC, handler=logs.tile, media=BYTES),
    Route(method="GET", path="/healthz", scopes=PUBLIC, handler=health.alive,
          answer=views.Health),
    Route(method="GET", path="/readyz", scopes=PUBLIC, handler=health.ready,
          answer=views.Health, also=(503,)),
    Route(method="GET", path="/metrics", scopes=PUBLIC, handler=health.metrics, media=TEXT),
    Route(method="GET", path="/openapi.json", scopes=PUBLIC, handler=health.document,
          answer=dict),
    Route(method="GET", path="/.well-known/jwks.json", scopes=PUBLIC, handler=health.jwks,
          answer=dict, media="application/jwk-set+json"),
)  # fmt: skip

TABLE = Table(ROUTES)

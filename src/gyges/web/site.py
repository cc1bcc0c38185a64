# SPDX-License-Identifier: Apache-2.0
"""All pages there are, in one table. See `pages.py` for what each column means."""

from starlette.responses import Response

from gyges.person import Role
from gyges.web import (
    agents,
    answering,
    batch,
    casepage,
    driftpages,
    editing,
    granting,
    healthpage,
    history,
    inbox,
    keyboard,
    logpage,
    me,
    oidc_pages,
    passkey_pages,
    policypage,
    reviewing,
    ringpage,
    session,
    signin,
    switches,
    timeline,
)
from gyges.web.pages import ADMIN, OVERSEER, PERSON, PUBLIC, REVIEWER, Page
from gyges.web.visit import Visit

READER = frozenset({Role.APPROVER, Role.AUDITOR})  # who may see cases
STOPPER = frozenset({Role.APPROVER, Role.ADMIN})  # who may pull a kill switch, and settle alarms


async def _home(visit: Visit) -> Response:
    """To the first page of whoever comes."""
    return visit.go(session.home_of(visit.person))


PAGES = (
    Page(method="GET", path="/", roles=PUBLIC, handler=_home, twin=False),
    Page(method="GET", path="/sign-in", roles=PUBLIC, handler=signin.ask),
    Page(method="POST", path="/sign-in", roles=PUBLIC, handler=signin.with_password),
    Page(method="GET", path="/sign-in/oidc", roles=PUBLIC, handler=oidc_pages.begin, twin=False),
    Page(method="GET", path="/sign-in/oidc/return", roles=PUBLIC, handler=oidc_pages.finish,
         twin=False),
    Page(method="POST", path="/sign-in/passkey", roles=PUBLIC, handler=passkey_pages.sign_in),
    Page(method="POST", path="/sign-out", roles=PERSON, handler=signin.sign_out),
    Page(method="GET", path="/link/{token}", roles=PUBLIC, handler=signin.look_at_link),
    Page(method="POST", path="/link/{token}", roles=PUBLIC, handler=signin.use_link),
    Page(method="GET", path="/me", roles=PERSON, handler=me.show),
    Page(method="POST", path="/me/password", roles=PERSON, handler=me.set_password),
    Page(method="POST", path="/me/passkeys", roles=PERSON, handler=passkey_pages.add),
    Page(method="POST", path="/me/passkeys/remove", roles=PERSON, handler=passkey_pages.remove),
    Page(method="POST", path="/me/prove", roles=PERSON, handler=passkey_pages.prove),
    Page(method="POST", path="/me/sessions/end", roles=PERSON, handler=me.end_all),
    Page(method="POST", path="/me/sessions/{id}/end", roles=PERSON, handler=me.end_session),
    Page(method="GET", path="/inbox", roles=READER, handler=inbox.show),
    Page(method="GET", path="/inbox/list", roles=READER, handler=inbox.show, quiet=True),
    Page(
        method="GET", path="/inbox/stream", roles=READER, handler=inbox.stream, twin=False,
        quiet=True,
    ),
    Page(method="GET", path="/batch", roles=REVIEWER, handler=batch.look),
    Page(method="POST", path="/batch", roles=REVIEWER, handler=batch.approve),
    Page(method="GET", path="/a/{id}", roles=READER, handler=casepage.show),
    Page(method="GET", path="/a/{id}/value", roles=READER, handler=casepage.whole),
    Page(method="GET", path="/a/{id}/edit", roles=REVIEWER, handler=editing.show),
    Page(method="POST", path="/a/{id}/edit", roles=REVIEWER, handler=editing.take),
    Page(method="GET", path="/grants", roles=READER, handler=granting.show),
    Page(method="POST", path="/grants", roles=REVIEWER, handler=granting.make),
    Page(method="POST", path="/grants/{id}/revoke", roles=PERSON, handler=granting.revoke),
    Page(method="GET", path="/keyboard", roles=PERSON, handler=keyboard.show),
    Page(method="POST", path="/keyboard", roles=PERSON, handler=keyboard.save),
    Page(method="POST", path="/a/{id}/approve", roles=REVIEWER, handler=answering.approve),
    Page(method="POST", path="/a/{id}/deny", roles=REVIEWER, handler=answering.deny),
    Page(method="POST", path="/a/{id}/take-back", roles=REVIEWER, handler=answering.take_back),
    Page(method="POST", path="/a/{id}/escalate", roles=REVIEWER, handler=answering.escalate),
    Page(method="POST", path="/a/{id}/stop", roles=REVIEWER, handler=answering.stop),
    Page(method="POST", path="/theme", roles=PUBLIC, handler=me.set_theme),
    Page(method="GET", path="/history", roles=READER, handler=history.page),
    Page(method="GET", path="/agents", roles=OVERSEER, handler=agents.page),
    Page(method="GET", path="/agents/{name:path}", roles=OVERSEER, handler=agents.profile_page),
    Page(method="GET", path="/drift", roles=OVERSEER, handler=driftpages.fleet_page),
    Page(method="GET", path="/drift/{agent}", roles=OVERSEER, handler=driftpages.agent_page),
    Page(method="GET", path="/drift/{agent}/{feature}", roles=OVERSEER,
         handler=driftpages.feature_page),
    Page(method="POST", path="/drift/settle", roles=STOPPER, handler=driftpages.settle),
    Page(method="POST", path="/drift/baseline", roles=STOPPER, handler=driftpages.baseline),
    Page(method="POST", path="/drift/unmute", roles=STOPPER, handler=driftpages.unmute),
    Page(method="GET", path="/ring", roles=OVERSEER, handler=ringpage.page),
    Page(method="GET", path="/log", roles=OVERSEER, handler=logpage.page),
    Page(method="GET", path="/health", roles=OVERSEER, handler=healthpage.page),
    Page(method="GET", path="/policy", roles=OVERSEER, handler=policypage.page),
    Page(method="POST", path="/policy/explain", roles=OVERSEER, handler=policypage.explained),
    Page(method="POST", path="/policy/replay", roles=OVERSEER, handler=policypage.replayed),
    Page(method="GET", path="/reviewers", roles=OVERSEER, handler=reviewing.page),
    Page(method="GET", path="/reviewers/{name:path}", roles=OVERSEER,
         handler=reviewing.record_page),
    Page(method="POST", path="/stops", roles=STOPPER, handler=switches.stop),
    Page(method="POST", path="/stops/lift", roles=ADMIN, handler=switches.lift),
    Page(method="GET", path="/a/{id}/log", roles=READER, handler=timeline.page),
    Page(method="GET", path="/a/{id}/evidence.jsonl", roles=READER, handler=timeline.evidence,
         twin=False),
)  # fmt: skip

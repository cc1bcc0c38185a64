# SPDX-License-Identifier: Apache-2.0
"""All pages there are, in one table. See `pages.py` for what each column means."""

from starlette.responses import Response

from gyges.web import me, signin
from gyges.web.pages import PERSON, PUBLIC, Page
from gyges.web.visit import Visit


async def _home(visit: Visit) -> Response:
    """The inbox is the first page."""
    return visit.go("/inbox")


PAGES = (
    Page(method="GET", path="/", roles=PUBLIC, handler=_home, twin=False),
    Page(method="GET", path="/sign-in", roles=PUBLIC, handler=signin.ask),
    Page(method="POST", path="/sign-in", roles=PUBLIC, handler=signin.with_password),
    Page(method="POST", path="/sign-out", roles=PERSON, handler=signin.sign_out),
    Page(method="GET", path="/link/{token}", roles=PUBLIC, handler=signin.look_at_link),
    Page(method="POST", path="/link/{token}", roles=PUBLIC, handler=signin.use_link),
    Page(method="GET", path="/me", roles=PERSON, handler=me.show),
    Page(method="POST", path="/me/password", roles=PERSON, handler=me.set_password),
    Page(method="POST", path="/me/sessions/end", roles=PERSON, handler=me.end_all),
    Page(method="POST", path="/me/sessions/{id}/end", roles=PERSON, handler=me.end_session),
    Page(method="POST", path="/theme", roles=PUBLIC, handler=me.set_theme),
)  # fmt: skip

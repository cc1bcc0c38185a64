# SPDX-License-Identifier: Apache-2.0
"""How templates are read and what they may call. Everything is escaped; a name that is not there is an error."""

from collections.abc import Callable
from typing import Any, cast

from jinja2 import Environment, PackageLoader, StrictUndefined

from gyges.web import driftwords, times
from gyges.web.statics import Statics
from gyges.web.visible import pieces

LICENCE = "<!-- SPDX-License-Identifier: Apache-2.0 -->\n"


class _Loader(PackageLoader):
    """The package's templates, without the line about the licence that each begins with."""

    def get_source(
        self, environment: Environment, template: str
    ) -> tuple[str, str, Callable[[], bool] | None]:
        source, name, fresh = super().get_source(environment, template)
        return source.removeprefix(LICENCE), name, fresh


def templates_of(statics: Statics) -> Environment:
    """The templates in `web/templates`."""
    made: Any = Environment(
        loader=_Loader("gyges.web", "templates"), autoescape=True, trim_blocks=True,
        lstrip_blocks=True, undefined=StrictUndefined,
    )  # fmt: skip
    made.globals.update(static_url=statics.url, iso=times.iso, ago=times.ago, span=times.span)
    made.globals.update(driftwords.GLOBALS)
    made.filters.update(pieces=pieces, **driftwords.FILTERS)
    return cast("Environment", made)

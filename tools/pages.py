# SPDX-License-Identifier: Apache-2.0
"""What MkDocs does to a page before it is rendered: a code block's title becomes a line above it.

    ```json title="payload/0"      ->      `payload/0`
                                           ```json

Viewers of repositories know such titles or pass over them; MkDocs' own Markdown would take the whole block for
text. It changes nothing else.
"""

import re

_TITLED = re.compile(r'^```(\w+) title="([^"\n]+)"$', re.MULTILINE)


def on_page_markdown(markdown: str, **_: object) -> str:
    """MkDocs calls this for each page (its plugin event of the same name)."""
    return _TITLED.sub(r"`\2`\n\n```\1", markdown)

# SPDX-License-Identifier: Apache-2.0
"""What MkDocs does to a page before it is rendered: what stands behind a code block's language.

    ```json title="payload/0"      ->      `payload/0`                  a title becomes a line above the block
                                           ```json
    ```json propose                ->      ```json                      a name is for tests, and goes

Viewers of repositories pass over both; MkDocs' own Markdown would take the whole block for text. It changes
nothing else.
"""

import re

_TITLED = re.compile(r'^```(\w+) title="([^"\n]+)"$', re.MULTILINE)
_NAMED = re.compile(r"^```(\w+) [^\n]+$", re.MULTILINE)


def on_page_markdown(markdown: str, **_: object) -> str:
    """MkDocs calls this for each page (its plugin event of the same name)."""
    return _NAMED.sub(r"```\1", _TITLED.sub(r"`\2`\n\n```\1", markdown))

"""`openvoid.remove` is the function, however it was come by; its code is in `openvoid.removal`.

`import openvoid.remove` would leave a module where `from openvoid import remove` promises the
function; so the function takes the module's place, and `from openvoid.remove import remove` works
as well.
"""

from __future__ import annotations

import sys

from openvoid.removal import remove

remove.remove = remove  # type: ignore[attr-defined]
sys.modules[__name__] = remove  # type: ignore[assignment]

"""OpenVINO without its telemetry and ready for threads: import it from here, and before nncf."""

import sys
from typing import Any, cast

# OpenVINO and nncf report their use through this package and do without it where it is not there. A name that is None
# in sys.modules counts as not there: the package is never loaded, so no setting of it can be got wrong.
cast(dict[str, Any], sys.modules)["openvino_telemetry"] = None

import openvino as _openvino  # noqa: E402

openvino: Any = _openvino
"""Its types are full of holes: what it gives gets one where it enters our own code."""

# At the first look at a tensor's numbers OpenVINO readies itself, and lets go of the interpreter meanwhile: two threads
# that look first at once wait for each other forever. An import is done by one thread alone.
openvino.Tensor(openvino.Type.i64, openvino.Shape([1])).data  # noqa: B018

__all__ = ["openvino"]

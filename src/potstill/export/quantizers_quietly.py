"""onnxruntime's quantizers, which set up the logging of the whole process when they are imported: here they do not.

A script of the user's would print every line of progress twice.
"""

import logging
from typing import Any

_handler = logging.NullHandler()
logging.root.addHandler(_handler)  # `basicConfig` leaves a root alone that has a handler
from onnxruntime import quantization  # noqa: E402  # pyright: ignore[reportMissingTypeStubs]
from onnxruntime.quantization import matmul_nbits_quantizer  # noqa: E402  # pyright: ignore[reportMissingTypeStubs]

logging.root.removeHandler(_handler)

# They come without types.
_quantization: Any = quantization
_matmul_nbits_quantizer: Any = matmul_nbits_quantizer
QuantType: Any = _quantization.QuantType
quantize_dynamic: Any = _quantization.quantize_dynamic
MatMulNBitsQuantizer: Any = _matmul_nbits_quantizer.MatMulNBitsQuantizer

"""onnxruntime's quantizers, which set up the logging of the whole process when they are imported: here they do not.

A script of the user's would print every line of progress twice.
"""

# pyright: reportMissingTypeStubs=false
import logging

_somebody = logging.NullHandler()
logging.root.addHandler(_somebody)  # `basicConfig` leaves a root alone that has a handler
from onnxruntime.quantization import QuantType, quantize_dynamic  # noqa: E402
from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer  # noqa: E402

logging.root.removeHandler(_somebody)

__all__ = ["MatMulNBitsQuantizer", "QuantType", "quantize_dynamic"]

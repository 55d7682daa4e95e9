"""Which of a bundle's engines to try first on this processor."""

from importlib.util import find_spec

from potstill.inference.engine import NEEDS, EngineName
from potstill.inference.info import BundleInfo
from potstill.inference.machine import cpu_flags, cpu_kind

_BF16 = frozenset(("amx_bf16", "avx512_bf16"))
_VNNI = frozenset(("amx_int8", "avx512_vnni", "avx_vnni"))


def by_speed(info: BundleInfo) -> list[EngineName]:
    """The bundle's engines whose library is installed, fastest first.

    By what was measured on this kind of processor, where it was; else by what its instructions make quick.
    """
    there: list[EngineName] = [name for name in info.engines if find_spec(NEEDS[name])]
    kind = cpu_kind()
    if all(kind in info.engines[name].texts_per_second for name in there):
        return sorted(there, key=lambda name: -info.engines[name].texts_per_second[kind])
    return sorted(there, key=_usual_order().index)


def _usual_order() -> list[EngineName]:
    """Fastest first, as measured on processors with bf16, with int8 products but without bf16, and with neither.

    Without int8 products OpenVINO's int8 is slower than fp32; onnxruntime's is not.
    """
    flags = cpu_flags()
    if flags & _BF16:
        return ["openvino-int8", "openvino-bf16", "onnx-int8", "onnx-w8", "onnx-fp32"]
    if flags & _VNNI:
        return ["openvino-int8", "onnx-int8", "onnx-w8", "openvino-bf16", "onnx-fp32"]
    return ["onnx-int8", "onnx-fp32", "openvino-bf16", "onnx-w8", "openvino-int8"]

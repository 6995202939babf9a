#!/usr/bin/env python3
"""Writes the expected values of the binding's parity tests, computed by PyTorch itself.

    make_fixtures.py OUT.json          (torch 1.13 or later; Debian's python3-torch made the committed file)

A case is `op/variant`: its inputs, PyTorch's outputs and, where the outputs can be differentiated, an upstream gradient
and the gradients of the inputs. The C# side has a line of the same name for each; a test fails when a name is on one
side only. Values are raw little-endian bytes in base64, so nothing is lost in printing.
"""
import base64
import json
import sys

import torch
import torch.nn.functional as F

torch.set_num_threads(1)

CASES = {}
stream = torch.Generator().manual_seed(20240607)


def encode(t):
    t = t.detach().contiguous()
    raw = t.view(torch.int16) if t.dtype == torch.bfloat16 else t
    return {"dtype": str(t.dtype).removeprefix("torch."), "shape": list(t.shape),
            "data": base64.b64encode(raw.numpy().tobytes()).decode()}


def case(name, function, *inputs):
    """One case: function of the inputs; inputs that require a gradient get one."""
    assert name not in CASES, name
    entry = {"in": [dict(encode(t), grad=t.requires_grad) for t in inputs]}
    out = function(*inputs)
    out = list(out) if isinstance(out, (tuple, list)) else [out]
    entry["out"] = [encode(t) for t in out]
    smooth = [t for t in out if t.requires_grad]
    wanted = [t for t in inputs if t.requires_grad]
    if smooth and wanted:
        upstream = [normal(*t.shape, dtype=t.dtype) for t in smooth]
        gradients = torch.autograd.grad(smooth, wanted, upstream, allow_unused=True)
        entry["upstream"] = [encode(t) for t in upstream]
        entry["gradients"] = [None if t is None else encode(t) for t in gradients]
    CASES[name] = entry


# Inputs. Capital: requires a gradient.
def normal(*shape, dtype=torch.float32):
    return torch.randn(shape, generator=stream, dtype=torch.float64).to(dtype)


def X(*shape, dtype=torch.float32):
    return normal(*shape, dtype=dtype).requires_grad_(True)


def positive(*shape):
    return torch.rand(*shape, generator=stream, dtype=torch.float64).add(0.1).float()


def P(*shape):
    return positive(*shape).requires_grad_(True)


def whole(low, high, *shape, dtype=torch.int64):
    return torch.randint(low, high, shape, generator=stream).to(dtype)


def flags(*shape):
    return torch.rand(*shape, generator=stream) < 0.5


def factories():
    case("zeros/float", lambda: torch.zeros(2, 3))
    case("zeros/long", lambda: torch.zeros(2, dtype=torch.int64))
    case("ones/float", lambda: torch.ones(2, 3))
    case("full/float", lambda: torch.full((2, 3), 0.1))
    case("full/long", lambda: torch.full((3,), 7, dtype=torch.int64))
    case("arange/int", lambda: torch.arange(1, 9, 3))
    case("arange/float", lambda: torch.arange(0.0, 1.0, 0.3))
    case("arange/double", lambda: torch.arange(-1, 1, 0.25, dtype=torch.float64))
    case("tensor/bytes", lambda: torch.tensor([0, 7, 255, 128], dtype=torch.uint8).view(2, 2))
    case("tensor/floats", lambda: torch.tensor([[0.1, -2.5], [1e-8, 3e8]]))
    case("frombuffer/offset", lambda: torch.tensor([3.0, 4.0, 5.0]))
    case("from_array/rank2", lambda: torch.tensor([[1, 2, 3], [4, 5, 6]], dtype=torch.int64))
    case("zeros_like/dtype", lambda a: torch.zeros_like(a, dtype=torch.int64), normal(2, 3))
    case("rand_like/shape", lambda a: torch.manual_seed(5) and torch.rand_like(a), normal(2, 3))
    a, b = X(2, 3), X(4, 3)
    case("cat/rows", lambda a, b: torch.cat([a, b], 0), a, b)
    case("cat/columns", lambda a, b: torch.cat([a, b], -1), X(2, 3), X(2, 1))
    case("stack/first", lambda a, b: torch.stack([a, b], 0), X(2, 3), X(2, 3))
    case("stack/last", lambda a, b: torch.stack([a, b], 2), X(2, 3), X(2, 3))
    case("where/broadcast", lambda c, a, b: torch.where(c, a, b), flags(4, 1), X(4, 3), X(3))
    case("maximum/broadcast", torch.maximum, X(4, 3), X(3))
    case("minimum/broadcast", torch.minimum, X(4, 3), X(3))


def more_factories():
    case("linspace/five", lambda: torch.linspace(-1.0, 2.0, 5))
    case("eye/square", lambda: torch.eye(3))
    case("eye/wide", lambda: torch.eye(2, 4, dtype=torch.float64))
    case("ones_like/plain", lambda a: torch.ones_like(a), normal(2, 3))
    case("full_like/plain", lambda a: torch.full_like(a, 2.5), normal(2, 3))
    case("full_like/long", lambda a: torch.full_like(a, 4), whole(0, 9, 3))


def streams():
    def seeded(draw):
        def run(*inputs):
            torch.manual_seed(1234567890123)
            return draw(*inputs)
        return run

    case("rand/float", seeded(lambda: torch.rand(3, 5)))
    case("rand/double", seeded(lambda: torch.rand(7, dtype=torch.float64)))
    case("randn/short", seeded(lambda: torch.randn(5)))
    case("randn/long", seeded(lambda: torch.randn(2, 19)))
    case("randn/double", seeded(lambda: torch.randn(17, dtype=torch.float64)))
    case("randn/generator", lambda: torch.randn(4, 6, generator=torch.Generator().manual_seed(99)))
    case("rand/generator", lambda: torch.rand(9, generator=torch.Generator().manual_seed(-3)))
    case("randint/range", seeded(lambda: torch.randint(-5, 100, (23,))))
    case("randint/wide", seeded(lambda: torch.randint(0, 2 ** 40, (7,))))
    case("randint/generator", lambda: torch.randint(0, 10, (12,), generator=torch.Generator().manual_seed(1)))
    case("randperm/long", seeded(lambda: torch.randperm(31)))
    case("randperm/generator", lambda: torch.randperm(12, generator=torch.Generator().manual_seed(8)))
    case("uniform_/range", seeded(lambda: torch.empty(13).uniform_(-2, 3)))
    case("normal_/moments", seeded(lambda: torch.empty(37).normal_(2, 0.5)))
    case("normal_/short", seeded(lambda: torch.empty(3).normal_()))
    case("random_/range", seeded(lambda: torch.empty(9).random_(0, 50)))
    case("bernoulli_/number", seeded(lambda: torch.empty(40).bernoulli_(0.3)))
    case("bernoulli_/tensor", seeded(lambda p: torch.empty(3, 5).bernoulli_(p)), torch.rand(3, 5, generator=stream))
    case("dropout/training", seeded(lambda a: F.dropout(a, 0.4, True)), X(5, 7))

    def successive():
        g = torch.Generator().manual_seed(42)
        return torch.randn(3, generator=g), torch.rand(4, generator=g), torch.randperm(6, generator=g), torch.randn(20, generator=g)
    case("generator/successive", successive)


def shapes():
    case("view/given", lambda a: a.view(3, -1), X(2, 6))
    case("reshape/transposed", lambda a: a.transpose(0, 1).reshape(4, 3), X(2, 6))
    case("flatten/all", lambda a: a.flatten(), X(2, 3, 2))
    case("flatten/from1", lambda a: a.flatten(1), X(2, 3, 2))
    case("flatten/middle", lambda a: a.flatten(1, 2), X(2, 3, 2, 2))
    case("unsqueeze/last", lambda a: a.unsqueeze(-1), X(2, 3))
    case("squeeze/all", lambda a: a.squeeze(), X(1, 3, 1))
    case("squeeze/one", lambda a: a.squeeze(0), X(1, 3, 1))
    case("transpose/ends", lambda a: a.transpose(0, 2), X(2, 3, 4))
    case("permute/nhwc", lambda a: a.permute(0, 2, 3, 1), X(2, 3, 2, 2))
    case("expand/rows", lambda a: a.expand(4, 3), X(1, 3))
    case("expand/keep", lambda a: a.expand(2, -1, 4), X(3, 1))
    case("flip/width", lambda a: a.flip(3), X(1, 2, 2, 3))
    case("flip/two", lambda a: a.flip(0, 1), X(2, 3))
    case("narrow/middle", lambda a: a.narrow(1, 1, 2), X(2, 4))
    case("index_select/repeat", lambda a, i: a.index_select(0, i), X(4, 3), torch.tensor([3, 0, 3]))
    case("gather/labels", lambda a, i: a.gather(1, i), X(4, 3), whole(0, 3, 4, 2))
    case("scatter_/columns", lambda a, i, s: a.clone().scatter_(1, i, s), X(3, 4), torch.tensor([[0, 2], [1, 3], [3, 0]]), X(3, 2))
    case("index_put_/rows", lambda a, i, v: a.clone().index_put_((i,), v), X(4, 3), torch.tensor([2, 0]), X(2, 3))
    case("select/column", lambda a: a.select(1, 2), X(3, 4))
    case("split/uneven", lambda a: a.split(2), X(5, 3))
    case("split/columns", lambda a: a.split(3, 1), X(2, 6))
    case("chunk/three", lambda a: a.chunk(3), X(7, 2))
    case("contiguous/transposed", lambda a: a.t().contiguous(), X(2, 3))
    case("clone/plain", lambda a: a.clone(), X(2, 3))
    case("detach/plain", lambda a: a.detach(), X(2, 3))
    case("copy_/broadcast", lambda a, b: a.clone().copy_(b), X(2, 3), X(3))
    case("copy_/convert", lambda a, b: a.clone().copy_(b), normal(2, 2), whole(0, 9, 2, 2))
    case("to/double", lambda a: a.to(torch.float64), X(2, 3))
    case("to/long", lambda a: a.to(torch.int64), normal(2, 3) * 5)
    case("to/bfloat16", lambda a: a.to(torch.bfloat16), normal(3, 3))
    case("to/half", lambda a: a.to(torch.float16), normal(3, 3))
    case("to/bool", lambda a: a.to(torch.bool), whole(0, 2, 5))
    case("to/float_from_byte", lambda a: a.to(torch.float32), whole(0, 256, 6, dtype=torch.uint8))


def arithmetic():
    case("add/tensor", lambda a, b: a.add(b), X(3, 4), X(4))
    case("add/alpha", lambda a, b: a.add(b, alpha=-0.5), X(3, 4), X(3, 1))
    case("add/long", lambda a, b: a.add(b), whole(-9, 9, 4), whole(-9, 9, 4))
    case("add_/tensor", lambda a, b: a.clone().add_(b), X(3, 4), X(4))
    case("add_/alpha", lambda a, b: a.clone().add_(b, alpha=0.25), X(3, 4), X(3, 4))
    case("sub/tensor", lambda a, b: a.sub(b), X(3, 4), X(4))
    case("sub/scalar", lambda a: a.sub(0.3), X(3, 4))
    case("sub_/tensor", lambda a, b: a.clone().sub_(b), X(3, 4), X(4))
    case("sub_/scalar", lambda a: a.clone().sub_(2), X(3, 4))
    case("mul/tensor", lambda a, b: a.mul(b), X(3, 4), X(3, 1))
    case("mul/scalar", lambda a: a.mul(-1.7), X(3, 4))
    case("mul/long_by_int", lambda a: a.mul(3), whole(-9, 9, 4))
    case("mul/long_by_double", lambda a: a.mul(0.5), whole(-9, 9, 4))
    case("mul_/tensor", lambda a, b: a.clone().mul_(b), X(3, 4), X(4))
    case("mul_/scalar", lambda a: a.clone().mul_(0.1), X(3, 4))
    case("div/tensor", lambda a, b: a.div(b), X(3, 4), P(4))
    case("div/scalar", lambda a: a.div(255), X(3, 4))
    case("div/floor", lambda a: a.div(3, rounding_mode="floor"), whole(-9, 9, 6))
    case("div/trunc", lambda a, b: a.div(b, rounding_mode="trunc"), normal(3, 4) * 5, positive(4))
    case("div_/tensor", lambda a, b: a.clone().div_(b), X(3, 4), P(4))
    case("div_/scalar", lambda a: a.clone().div_(3), X(3, 4))
    case("neg/plain", lambda a: a.neg(), X(3, 4))
    case("abs/plain", lambda a: a.abs(), X(3, 4))
    case("sign/plain", lambda a: a.sign(), torch.tensor([-2.5, -0.0, 0.0, 7.0, float("nan")]))
    case("sign_/plain", lambda a: a.clone().sign_(), normal(3, 4))
    case("sqrt/plain", lambda a: a.sqrt(), P(3, 4))
    case("pow/tensor", lambda a, b: a.pow(b), P(3, 4), X(4))
    case("pow/scalar", lambda a: a.pow(2), X(3, 4))
    case("pow/root", lambda a: a.pow(0.5), P(3, 4))
    case("exp/plain", lambda a: a.exp(), X(3, 4))
    case("log/plain", lambda a: a.log(), P(3, 4))
    case("round/half_even", lambda a: a.round(), torch.tensor([0.5, 1.5, 2.5, -0.5, -1.4]))
    case("round/decimals", lambda a: a.round(decimals=2), normal(5))
    case("round_/plain", lambda a: a.clone().round_(), normal(5) * 4)
    case("clamp/both", lambda a: a.clamp(-0.5, 0.5), X(4, 5))
    case("clamp/min", lambda a: a.clamp(min=0.1), X(4, 5))
    case("clamp/max", lambda a: a.clamp(max=0.1), X(4, 5))
    case("clamp/tensors", lambda a, lo, hi: a.clamp(lo, hi), X(4, 5), -positive(5), positive(4, 1))
    case("clamp/static", lambda a: torch.clamp(a, 0, 1), X(4, 5))
    case("clamp_/both", lambda a: a.clone().clamp_(0, 1), X(4, 5))
    case("clamp_/tensors", lambda a, lo, hi: a.clone().clamp_(lo, hi), X(4, 5), -positive(4, 5), positive(4, 5))
    case("relu/plain", lambda a: a.relu(), X(3, 4))
    case("sigmoid/plain", lambda a: a.sigmoid(), X(3, 4))
    case("tanh/plain", lambda a: a.tanh(), X(3, 4))
    case("matmul/matrices", lambda a, b: a.matmul(b), X(3, 4), X(4, 2))
    case("matmul/vector", lambda a, b: a.matmul(b), X(3, 4), X(4))
    case("matmul/batched", lambda a, b: a.matmul(b), X(2, 3, 4), X(4, 2))
    case("addcmul_/value", lambda a, b, c: a.clone().addcmul_(b, c, value=0.3), X(3, 4), X(3, 4), X(4))
    case("addcdiv_/value", lambda a, b, c: a.clone().addcdiv_(b, c, value=-0.3), X(3, 4), X(3, 4), P(4))
    case("addcdiv_/plain", lambda a, b, c: a.clone().addcdiv_(b, c), X(3, 4), X(3, 4), P(4))
    case("lerp_/tensor", lambda a, b, w: a.clone().lerp_(b, w), X(3, 4), X(3, 4), positive(3, 4))
    case("fill_/value", lambda a: a.clone().fill_(-1.25), X(3, 4))
    case("fill_/long", lambda a: a.clone().fill_(3), whole(0, 9, 4))
    case("zero_/plain", lambda a: a.clone().zero_(), X(3, 4))
    case("operator/plus", lambda a, b: a + b, X(3, 4), X(4))
    case("operator/minus", lambda a, b: a - b, X(3, 4), X(4))
    case("operator/times", lambda a, b: a * b, X(3, 4), X(4))
    case("operator/over", lambda a, b: a / b, X(3, 4), P(4))
    case("operator/negative", lambda a: -a, X(3, 4))


def more_arithmetic():
    for name in ("rsqrt", "log1p", "log2", "reciprocal", "log", "sqrt"):
        case(f"{name}/more", lambda a, name=name: getattr(a, name)(), P(3, 4))
        case(f"{name}_/plain", lambda a, name=name: getattr(a.clone(), name + "_")(), P(3, 4))
    for name in ("square", "expm1", "sin", "cos", "erf", "erfc", "floor", "ceil", "trunc", "abs", "neg", "exp", "relu", "sigmoid", "tanh"):
        case(f"{name}/more", lambda a, name=name: getattr(a, name)(), X(3, 4))
        if name != "square":  # TorchSharp has it only out of place
            case(f"{name}_/plain", lambda a, name=name: getattr(a.clone(), name + "_")(), X(3, 4))
    case("erfinv/plain", lambda a: a.erfinv(), torch.tensor([-0.99, -0.5, 0.0, 0.3, 0.9999], requires_grad=True))
    case("logical_not/flags", lambda a: a.logical_not(), flags(6))
    case("logical_or/flags", lambda a, b: a.logical_or(b), flags(4, 4), flags(4))
    case("logical_xor/flags", lambda a, b: a.logical_xor(b), flags(4, 4), flags(4))
    case("isinf/special", lambda a: a.isinf(), torch.tensor([1.0, float("nan"), float("inf"), -float("inf")]))
    case("remainder/tensor", lambda a, b: a.remainder(b), normal(3, 4) * 5, positive(4))
    case("remainder/scalar", lambda a: a.remainder(3), whole(-9, 9, 6))
    case("atan2/tensor", lambda a, b: a.atan2(b), X(3, 4), X(4))
    for name in ("eq", "ne", "lt", "le", "gt", "ge"):
        case(name + "/scalar", lambda a, name=name: getattr(a, name)(1), whole(0, 3, 4, 5))
    case("pow_/scalar", lambda a: a.clone().pow_(3), X(3, 4))
    case("operator/plus_scalar", lambda a: a + 0.5, X(3, 4))
    case("operator/scalar_minus", lambda a: 1 - a, X(3, 4))
    case("operator/scalar_times", lambda a: 3 * a, X(3, 4))
    case("operator/over_scalar", lambda a: a / 7, X(3, 4))
    case("operator/scalar_over", lambda a: 1 / a, P(3, 4))
    case("add/scalar", lambda a: a.add(0.3), X(3, 4))
    case("add_/scalar_long", lambda a: a.clone().add_(1), whole(0, 9, 3))
    case("addcmul/value", lambda a, b, c: a.addcmul(b, c, value=0.3), X(3, 4), X(3, 4), X(4))
    case("addcdiv/value", lambda a, b, c: a.addcdiv(b, c, value=0.3), X(3, 4), X(3, 4), P(4))
    case("lerp/tensor", lambda a, b, w: a.lerp(b, w), X(3, 4), X(3, 4), positive(3, 4))
    case("lerp_/scalar", lambda a, b: a.clone().lerp_(b, 0.1), X(3, 4), X(3, 4))
    case("mm/plain", lambda a, b: a.mm(b), X(3, 4), X(4, 2))
    case("bmm/plain", lambda a, b: a.bmm(b), X(2, 3, 4), X(2, 4, 2))
    case("mv/plain", lambda a, b: a.mv(b), X(3, 4), X(4))
    case("dot/plain", lambda a, b: a.dot(b), X(5), X(5))
    case("outer/plain", lambda a, b: a.outer(b), X(3), X(4))
    case("addmm/scaled", lambda a, b, c: a.addmm(b, c, beta=0.5, alpha=2), X(3, 2), X(3, 4), X(4, 2))


def more_reductions():
    case("std/dims", lambda a: a.std(1, unbiased=False), X(3, 5))
    case("var/dims", lambda a: a.var((0, 2), unbiased=True, keepdim=True), X(3, 5, 2))
    case("norm/rows", lambda a: a.norm(2, 1), X(3, 5))
    case("amax/rows", lambda a: a.amax(1), X(3, 5))
    case("amin/rows", lambda a: a.amin(1), X(3, 5))
    case("logsumexp/rows", lambda a: a.logsumexp(1), X(3, 5))
    case("max/rows", lambda a: a.max(1), X(3, 5))
    case("min/keep", lambda a: a.min(0, True), X(3, 5))
    case("argmin/rows", lambda a: a.argmin(1), normal(3, 5))
    case("argsort/rows", lambda a: a.argsort(1, True), normal(3, 5))
    case("sort/rows", lambda a: a.sort(1, False), X(3, 5))
    case("any/rows", lambda a: a.any(1), flags(4, 2))
    case("all/rows", lambda a: a.all(1), flags(4, 2))
    case("prod/all", lambda a: a.prod(), X(2, 3))
    case("prod/rows", lambda a: a.prod(1), X(2, 3))
    case("count_nonzero/all", lambda a: a.count_nonzero(), whole(0, 2, 3, 4))
    case("cumsum/rows", lambda a: a.cumsum(1), X(2, 4))
    case("bincount/minlength", lambda a: a.bincount(minlength=6), whole(0, 4, 9))
    case("nonzero/plain", lambda a: a.nonzero(), whole(0, 2, 3, 4))
    case("masked_select/plain", lambda a, m: a.masked_select(m), X(3, 4), flags(3, 4))


def more_shapes():
    case("t/matrix", lambda a: a.t(), X(2, 3))
    case("repeat/plain", lambda a: a.repeat(2, 1, 2), X(2, 3))
    case("repeat_interleave/dim", lambda a: a.repeat_interleave(3, 0), X(2, 3))
    case("tile/plain", lambda a: a.tile(2, 2), X(2, 3))
    case("roll/one", lambda a: a.roll(1, 0), X(3, 4))
    case("roll/two", lambda a: a.roll((1, -1), (0, 1)), X(3, 4))
    case("diag/vector", lambda a: a.diag(), X(3))
    case("triu/one", lambda a: a.triu(1), X(3, 4))
    case("tril/plain", lambda a: a.tril(), X(3, 4))
    case("split/sizes", lambda a: a.split([1, 3, 2]), X(6, 2))
    case("unbind/columns", lambda a: a.unbind(1), X(2, 3))
    case("index/slices", lambda a: a[:, ::2, 1:3], X(2, 4, 4))
    case("index/ellipsis", lambda a: a[..., -1], X(2, 3, 4))
    case("index/none", lambda a: a[0, None], X(2, 3))
    case("index/tensor", lambda a, i: a[i], X(4, 3), torch.tensor([2, 2, 0]))
    case("index_put_/scalar", lambda a: a.clone().index_put_((torch.tensor([0, 2]),), torch.tensor(5.0)), X(3, 2))
    case("index_add_/alpha", lambda a, i, s: a.clone().index_add_(0, i, s, alpha=0.5), X(3, 2), torch.tensor([2, 2]), X(2, 2))
    case("index_copy_/plain", lambda a, i, s: a.clone().index_copy_(0, i, s), X(3, 2), torch.tensor([2, 0]), X(2, 2))
    case("scatter/columns", lambda a, i, s: a.scatter(1, i, s), X(3, 4), torch.tensor([[0, 2], [1, 3], [3, 0]]), X(3, 2))
    case("scatter_add_/columns", lambda a, i, s: a.clone().scatter_add_(1, i, s), X(3, 4), torch.tensor([[0, 0], [1, 3], [3, 3]]), X(3, 2))
    case("masked_fill_/plain", lambda a, m: a.clone().masked_fill_(m, 2.0), X(3, 4), flags(3, 4))
    case("take_along_dim/rows", lambda a, i: a.take_along_dim(i, 1), X(3, 4), torch.tensor([[0, 2], [1, 3], [3, 0]]))


def comparisons_and_reductions():
    for name in ("eq", "ne", "lt", "le", "gt", "ge"):
        case(name + "/tensor", lambda a, b, name=name: getattr(a, name)(b), whole(0, 3, 4, 5), whole(0, 3, 5))
    special = torch.tensor([1.0, float("nan"), float("inf"), -float("inf"), 0.0])
    case("logical_and/flags", lambda a, b: a.logical_and(b), flags(4, 4), flags(4))
    case("isnan/special", lambda a: a.isnan(), special)
    case("isfinite/special", lambda a: a.isfinite(), special)
    case("any/some", lambda a: a.any(), torch.tensor([False, True, False]))
    case("any/none", lambda a: a.any(), torch.tensor([False, False]))
    case("all/some", lambda a: a.all(), torch.tensor([False, True, False]))
    case("all/every", lambda a: a.all(), torch.tensor([True, True]))
    case("argmax/all", lambda a: a.argmax(), normal(3, 5))
    case("argmax/rows", lambda a: a.argmax(1), normal(3, 5))
    case("argmax/keep", lambda a: a.argmax(0, True), normal(3, 5))
    case("argmin/all", lambda a: a.argmin(), normal(3, 5))
    case("max/all", lambda a: a.max(), X(3, 5))
    case("min/all", lambda a: a.min(), X(3, 5))
    case("mean/all", lambda a: a.mean(), X(3, 5))
    case("mean/dims", lambda a: a.mean((2, 3)), X(2, 3, 2, 4))
    case("sum/all", lambda a: a.sum(), X(3, 5))
    case("sum/bool", lambda a: a.sum(), flags(3, 5))
    case("sum/double", lambda a: a.sum(dtype=torch.float64), X(3, 5))
    case("sum/dim", lambda a: a.sum(1), X(3, 5))
    case("sum/keep", lambda a: a.sum(0, keepdim=True), X(3, 5))
    case("std/unbiased", lambda a: a.std(), X(3, 5))
    case("std/biased", lambda a: a.std(unbiased=False), X(3, 5))
    case("var/unbiased", lambda a: a.var(), X(3, 5))
    case("var/biased", lambda a: a.var(unbiased=False), X(3, 5))
    case("norm/two", lambda a: a.norm(), X(3, 5))
    case("norm/one", lambda a: a.norm(1), X(3, 5))
    case("norm/infinity", lambda a: a.norm(float("inf")), X(3, 5))
    case("topk/largest", lambda a: a.topk(3), X(4, 6))
    case("topk/smallest", lambda a: a.topk(2, 0, False), X(4, 6))
    case("masked_fill/broadcast", lambda a, m: a.masked_fill(m, -9.0), X(4, 5), flags(5))
    case("softmax/rows", lambda a: a.softmax(1), X(4, 5))
    case("softmax/double", lambda a: a.softmax(0, dtype=torch.float64), X(4, 5))
    case("log_softmax/rows", lambda a: a.log_softmax(1), X(4, 5))


def functional():
    case("conv2d/padded", lambda x, w, b: F.conv2d(x, w, b, padding=1), X(2, 3, 5, 5), X(4, 3, 3, 3), X(4))
    case("conv2d/strided", lambda x, w: F.conv2d(x, w, stride=2), X(2, 3, 6, 6), X(4, 3, 1, 1))
    case("conv2d/dilated", lambda x, w: F.conv2d(x, w, stride=(1, 2), padding=(2, 0), dilation=2), X(1, 2, 7, 7), X(3, 2, 3, 3))
    case("conv2d/grouped", lambda x, w: F.conv2d(x, w, padding=1, groups=2), X(2, 4, 4, 4), X(6, 2, 3, 3))

    def batch_norm(training, momentum=0.1, eps=1e-5):
        def run(x, w, b, mean, var):
            mean, var = mean.clone(), var.clone()
            return F.batch_norm(x, mean, var, w, b, training, momentum, eps), mean, var
        return run
    bn = lambda: (X(4, 3, 2, 2), X(3), X(3), normal(3), positive(3))
    case("batch_norm/training", batch_norm(True), *bn())
    case("batch_norm/evaluation", batch_norm(False), *bn())
    case("batch_norm/momentum", batch_norm(True, 0.5, 1e-3), *bn())
    case("relu_f/plain", lambda a: F.relu(a), X(3, 4))
    case("relu_f/inplace", lambda a: F.relu(a.clone(), inplace=True), X(3, 4))
    case("linear/bias", F.linear, X(4, 3), X(2, 3), X(2))
    case("linear/plain", lambda x, w: F.linear(x, w), X(4, 3), X(2, 3))
    logits, labels = lambda: X(6, 4), torch.tensor([0, 3, 1, 1, 2, 0])
    case("cross_entropy/mean", lambda z, y: F.cross_entropy(z, y), logits(), labels)
    case("cross_entropy/sum", lambda z, y: F.cross_entropy(z, y, reduction="sum"), logits(), labels)
    case("cross_entropy/none", lambda z, y: F.cross_entropy(z, y, reduction="none"), logits(), labels)
    case("cross_entropy/weighted", lambda z, y, w: F.cross_entropy(z, y, weight=w, ignore_index=1), logits(), labels, positive(4))
    case("cross_entropy/smoothed", lambda z, y: F.cross_entropy(z, y, label_smoothing=0.1), logits(), labels)
    case("cross_entropy/soft", lambda z, p: F.cross_entropy(z, p), logits(), normal(6, 4).softmax(1))
    case("nll_loss/mean", lambda z, y: F.nll_loss(z, y), logits(), labels)
    case("nll_loss/none", lambda z, y, w: F.nll_loss(z, y, w, reduction="none"), logits(), labels, positive(4))
    case("log_softmax_f/rows", lambda z: F.log_softmax(z, 1), logits())
    case("softmax_f/rows", lambda z: F.softmax(z, 1), logits())
    case("avg_pool2d/square", lambda x: F.avg_pool2d(x, 2), X(1, 2, 4, 4))
    case("avg_pool2d/padded", lambda x: F.avg_pool2d(x, 3, 2, 1, count_include_pad=False), X(1, 2, 5, 5))
    case("avg_pool2d/divisor", lambda x: F.avg_pool2d(x, 2, ceil_mode=True, divisor_override=3), X(1, 2, 5, 5))
    case("adaptive_avg_pool2d/one", lambda x: F.adaptive_avg_pool2d(x, 1), X(2, 3, 4, 5))
    case("adaptive_avg_pool2d/two", lambda x: F.adaptive_avg_pool2d(x, (2, 3)), X(2, 3, 4, 5))
    case("max_pool2d/square", lambda x: F.max_pool2d(x, 2), X(1, 2, 4, 4))
    case("max_pool2d/padded", lambda x: F.max_pool2d(x, 3, 2, 1), X(1, 2, 5, 5))
    case("dropout/evaluation", lambda x: F.dropout(x, 0.5, False), X(3, 4))
    case("pad/constant", lambda x: F.pad(x, (1, 2, 0, 1), value=0.5), X(1, 2, 3, 3))
    case("pad/reflect", lambda x: F.pad(x, (1, 1, 2, 1), mode="reflect"), X(1, 2, 3, 4))
    case("pad/channels", lambda x: F.pad(x, (0, 0, 0, 0, 1, 1)), X(1, 2, 3, 3))
    case("one_hot/classes", lambda y: F.one_hot(y, 5), labels)
    case("one_hot/inferred", lambda y: F.one_hot(y), labels)
    case("kl_div/log_target", lambda a, b: F.kl_div(a, b, log_target=True), X(4, 3), normal(4, 3).log_softmax(1))
    case("kl_div/sum", lambda a, b: F.kl_div(a, b, reduction="sum"), X(4, 3), normal(4, 3).softmax(1))
    case("mse_loss/mean", lambda a, b: F.mse_loss(a, b), X(4, 3), X(4, 3))
    case("mse_loss/none", lambda a, b: F.mse_loss(a, b, reduction="none"), X(4, 3), X(4, 3))
    case("interpolate/nearest", lambda x: F.interpolate(x, size=(4, 6)), X(1, 2, 2, 3))
    case("interpolate/bilinear", lambda x: F.interpolate(x, scale_factor=(2.0, 1.5), mode="bilinear", align_corners=False), X(1, 2, 4, 4))


def initialisation():
    def seeded(fill, *shape):
        def run():
            torch.manual_seed(31)
            return fill(torch.empty(*shape))
        return run
    init = torch.nn.init
    case("kaiming_normal_/fan_in", seeded(lambda t: init.kaiming_normal_(t), 4, 3, 3, 3))
    case("kaiming_normal_/fan_out_relu", seeded(lambda t: init.kaiming_normal_(t, mode="fan_out", nonlinearity="relu"), 4, 3, 3, 3))
    case("kaiming_uniform_/linear_default", seeded(lambda t: init.kaiming_uniform_(t, a=5 ** 0.5), 5, 7))
    case("init_ones_/plain", seeded(init.ones_, 2, 3))
    case("init_zeros_/plain", seeded(init.zeros_, 2, 3))
    case("constant_/plain", seeded(lambda t: init.constant_(t, 0.3), 2, 3))
    case("init_normal_/moments", seeded(lambda t: init.normal_(t, 1.0, 0.02), 5, 7))

    def layer(build):
        def run():
            torch.manual_seed(77)
            return [t for t in build().state_dict().values()]
        return run
    case("layer/Linear", layer(lambda: torch.nn.Linear(7, 5)))
    case("layer/Conv2d", layer(lambda: torch.nn.Conv2d(3, 4, 3, 2, 1)))
    case("layer/Conv2d_grouped", layer(lambda: torch.nn.Conv2d(4, 6, 1, groups=2, bias=False)))
    case("layer/BatchNorm2d", layer(lambda: torch.nn.BatchNorm2d(4)))


def optimizers():
    def descend(make):
        def run(p, q, *gradients):
            p, q = (t.clone().requires_grad_(True) for t in (p, q))
            optimizer = make([p, q])
            for step in range(0, len(gradients), 2):
                p.grad, q.grad = gradients[step].clone(), gradients[step + 1].clone()
                optimizer.step()
            return p.detach(), q.detach()
        return run

    def inputs():
        return [normal(3, 4), normal(5)] + [normal(3, 4) if i % 2 == 0 else normal(5) for i in range(10)]
    O = torch.optim
    case("SGD/plain", descend(lambda p: O.SGD(p, 0.1)), *inputs())
    case("SGD/momentum", descend(lambda p: O.SGD(p, 0.1, momentum=0.9, weight_decay=5e-4)), *inputs())
    case("SGD/nesterov", descend(lambda p: O.SGD(p, 0.1, momentum=0.9, nesterov=True)), *inputs())
    case("SGD/dampened", descend(lambda p: O.SGD(p, 0.1, momentum=0.9, dampening=0.5, maximize=True)), *inputs())
    case("Adam/plain", descend(lambda p: O.Adam(p)), *inputs())
    case("Adam/decayed", descend(lambda p: O.Adam(p, 1e-2, (0.8, 0.99), 1e-6, 1e-2)), *inputs())
    case("Adam/amsgrad", descend(lambda p: O.Adam(p, 1e-2, amsgrad=True)), *inputs())
    case("Adam/maximize", descend(lambda p: O.Adam(p, 1e-2, maximize=True)), *inputs())
    case("AdamW/plain", descend(lambda p: O.AdamW(p, 1e-2, weight_decay=0)), *inputs())
    case("AdamW/decayed", descend(lambda p: O.AdamW(p, 1e-2, weight_decay=0.3, amsgrad=True)), *inputs())

    def clip(max_norm, norm_type):
        def run(a, b):
            p, q = torch.zeros_like(a).requires_grad_(True), torch.zeros_like(b).requires_grad_(True)
            p.grad, q.grad = a.clone(), b.clone()
            total = torch.nn.utils.clip_grad_norm_([p, q], max_norm, norm_type)
            return total, p.grad, q.grad
        return run
    case("clip_grad_norm_/two", clip(0.5, 2.0), normal(3, 4), normal(5))
    case("clip_grad_norm_/below", clip(50.0, 2.0), normal(3, 4), normal(5))
    case("clip_grad_norm_/infinity", clip(0.5, float("inf")), normal(3, 4), normal(5))


def schedules():
    L = torch.optim.lr_scheduler

    def rates(steps, make, adam=False):
        def run():
            p = torch.zeros(1, requires_grad=True)
            optimizer = torch.optim.Adam([p], 0.1) if adam else torch.optim.SGD([p], 0.1, momentum=0.9)
            schedule = make(optimizer)
            seen = []
            for _ in range(steps):
                seen.append(optimizer.param_groups[0]["lr"])
                p.grad = torch.zeros(1)
                optimizer.step()
                schedule.step()
            return torch.tensor(seen, dtype=torch.float64)
        return run
    case("StepLR/three", rates(10, lambda o: L.StepLR(o, 3, 0.5)))
    case("MultiStepLR/two", rates(9, lambda o: L.MultiStepLR(o, [2, 6], 0.2)))
    case("MultiStepLR/repeated", rates(6, lambda o: L.MultiStepLR(o, [3, 3], 0.1)))
    case("CosineAnnealingLR/half", rates(12, lambda o: L.CosineAnnealingLR(o, 10, 0.001)))
    case("LambdaLR/inverse", rates(6, lambda o: L.LambdaLR(o, lambda epoch: 1 / (1 + epoch))))
    case("OneCycleLR/cosine", rates(20, lambda o: L.OneCycleLR(o, 0.2, total_steps=20)))
    case("OneCycleLR/linear", rates(12, lambda o: L.OneCycleLR(o, 0.2, epochs=3, steps_per_epoch=4, pct_start=0.4, anneal_strategy="linear", div_factor=10, final_div_factor=100)))
    case("OneCycleLR/three_phase", rates(20, lambda o: L.OneCycleLR(o, 0.2, total_steps=20, three_phase=True)))
    case("OneCycleLR/adam", rates(20, lambda o: L.OneCycleLR(o, 0.01, total_steps=20), adam=True))

    def trained(make, adam):
        """Parameters, so that the momentum a one-cycle schedule moves shows."""
        def run(p, *gradients):
            p = p.clone().requires_grad_(True)
            optimizer = torch.optim.Adam([p], 0.1) if adam else torch.optim.SGD([p], 0.1, momentum=0.9)
            schedule = make(optimizer)
            for g in gradients:
                p.grad = g.clone()
                optimizer.step()
                schedule.step()
            return p.detach()
        return run
    case("OneCycleLR/momentum_sgd", trained(lambda o: L.OneCycleLR(o, 0.2, total_steps=8), False), *[normal(4) for _ in range(8)])
    case("OneCycleLR/momentum_adam", trained(lambda o: L.OneCycleLR(o, 0.2, total_steps=8), True), *[normal(4) for _ in range(8)])


def write(path):
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(entry)}" for name, entry in CASES.items())
    with open(path, "w", encoding="utf-8") as file:
        file.write(f'{{"torch": {json.dumps(torch.__version__)}, "cases": {{\n{lines}\n}}}}\n')


if __name__ == "__main__":
    for part in (factories, more_factories, streams, shapes, more_shapes, arithmetic, more_arithmetic, comparisons_and_reductions, more_reductions, functional, initialisation, optimizers, schedules):
        part()
    write(sys.argv[1])

using static TorchSharp.torch;

namespace KdRobust.Torch.Tests.Parity;

static class StreamCases
{
    internal static CaseTable Table => new()
    {
        { "rand/float", () => Seeded(() => rand([3, 5])) },
        { "rand/double", () => Seeded(() => rand([7], ScalarType.Float64)) },
        { "randn/short", () => Seeded(() => randn([5])) },
        { "randn/long", () => Seeded(() => randn([2, 19])) },
        { "randn/double", () => Seeded(() => randn([17], ScalarType.Float64)) },
        { "randn/generator", () => randn([4, 6], generator: Own(99)) },
        { "rand/generator", () => rand([9], generator: Own(-3)) },
        { "randint/range", () => Seeded(() => randint(-5, 100, [23])) },
        { "randint/wide", () => Seeded(() => randint(0, 1L << 40, [7])) },
        { "randint/generator", () => randint(0, 10, [12], generator: Own(1)) },
        { "randperm/long", () => Seeded(() => randperm(31)) },
        { "randperm/generator", () => randperm(12, generator: Own(8)) },
        { "uniform_/range", () => Seeded(() => empty([13]).uniform_(-2, 3)) },
        { "normal_/moments", () => Seeded(() => empty([37]).normal_(2, 0.5)) },
        { "normal_/short", () => Seeded(() => empty([3]).normal_()) },
        { "random_/range", () => Seeded(() => empty([9]).random_(0, 50)) },
        { "bernoulli_/number", () => Seeded(() => empty([40]).bernoulli_(0.3)) },
        { "bernoulli_/tensor", p => Seeded(() => empty([3, 5]).bernoulli_(p)) },
        { "dropout/training", a => Seeded(() => nn.functional.dropout(a, 0.4)) },
        { "generator/successive", Successive },
    };

    static Tensor Seeded(Func<Tensor> draw)
    {
        manual_seed(1234567890123);
        return draw();
    }

    static Generator Own(long seed) => new Generator().manual_seed(seed);

    static Tensor[] Successive()
    {
        using var generator = Own(42);
        return [randn([3], generator: generator), rand([4], generator: generator), randperm(6, generator: generator), randn([20], generator: generator)];
    }
}

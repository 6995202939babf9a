using KdRobust.Support;
using static TorchSharp.torch;

namespace KdRobust.Torch.Tests;

/// <summary>A generator is a stream that can be set aside and taken up again.</summary>
public sealed class GeneratorTests
{
    [DeviceFact]
    public void A_saved_state_repeats_the_stream()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(11);
        _ = randn([3], generator: generator);
        var state = generator.get_state();
        var first = randn([5, 7], generator: generator);
        var second = randperm(9, generator: generator);
        generator.set_state(state);
        Equal(randn([5, 7], generator: generator), first).ShouldBeTrue();
        Equal(randperm(9, generator: generator), second).ShouldBeTrue();
    }

    [DeviceFact]
    public void A_state_carries_over_to_another_generator()
    {
        using var scope = NewDisposeScope();
        using var one = new Generator(1);
        using var two = new Generator(2);
        _ = rand([4], generator: one);
        two.set_state(one.get_state());
        Equal(rand([6], generator: one), rand([6], generator: two)).ShouldBeTrue();
    }

    [DeviceFact]
    public void A_state_survives_as_bytes()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(5);
        // The second normal value of a pair is kept for the next draw: the state must hold it too.
        _ = randn([1], generator: generator);
        var state = generator.get_state();
        state.dtype.ShouldBe(ScalarType.Byte);
        var bytes = state.cpu().bytes.ToArray();
        var expected = randn([3], generator: generator);
        using var other = new Generator();
        other.set_state(tensor(bytes, [bytes.Length], device: CPU));
        Equal(randn([3], generator: other), expected).ShouldBeTrue();
    }

    [DeviceFact(CpuOnly = "the state that can be read without naming a device is the CPU's")]
    public void The_default_generator_is_one_for_all()
    {
        using var scope = NewDisposeScope();
        manual_seed(7);
        var state = torch_random_state();
        var first = rand([4]);
        random.set_rng_state(state);
        Equal(rand([4]), first).ShouldBeTrue();
        Generator.Default.manual_seed(7);
        Equal(rand([4]), first).ShouldBeTrue();
        random.manual_seed(7).initial_seed().ShouldBe(7);
        Equal(rand([4]), first).ShouldBeTrue();

        static Tensor torch_random_state() => random.get_rng_state();
    }

    [DeviceFact]
    public void A_generator_of_one_s_own_leaves_the_default_alone()
    {
        using var scope = NewDisposeScope();
        manual_seed(3);
        var expected = rand([4]);
        manual_seed(3);
        using var own = new Generator(99);
        _ = rand([100], generator: own);
        Equal(rand([4]), expected).ShouldBeTrue();
    }

    [DeviceTheory]
    [InlineData(0)]
    [InlineData(1234567890123)]
    [InlineData(long.MaxValue)]
    public void The_seed_can_be_read_back(long seed)
    {
        using var generator = new Generator((ulong)seed);
        generator.initial_seed().ShouldBe(seed);
        generator.manual_seed(42).initial_seed().ShouldBe(42);
        generator.device.type.ShouldBe(DefaultDevice.OfProcess.type);
    }

    [DeviceFact]
    public void A_state_of_the_wrong_size_is_refused()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1);
        Should.Throw<Exception>(() => generator.set_state(tensor(new byte[] { 1, 2, 3 }, [3], device: CPU))).Message.ShouldContain("state");
    }

    static bool Equal(Tensor a, Tensor b) => a.shape.SequenceEqual(b.shape) && a.eq(b).all().item<bool>();
}

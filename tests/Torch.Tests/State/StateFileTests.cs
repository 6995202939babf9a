using System.Text;
using KdRobust.Support;
using TorchSharp;
using static TorchSharp.torch;

namespace KdRobust.Torch.Tests.State;

/// <summary>TorchSharp's file of a state dict: LEB128 count; per entry name, type, rank, sizes, bytes.</summary>
public sealed class StateFileTests : IDisposable
{
    readonly string file = Path.Combine(Path.GetTempPath(), $"kdr-state-{Guid.NewGuid():N}.dat");

    public void Dispose() => File.Delete(file);

    [DeviceFact]
    public void A_saved_module_loads_bit_for_bit()
    {
        using var scope = NewDisposeScope();
        using var saved = Network(1);
        using var loaded = Network(2);
        saved.get_buffer("1.num_batches_tracked")!.fill_(41);
        saved.save(file);
        loaded.load(file);
        var expected = saved.state_dict();
        var state = loaded.state_dict();
        state.Keys.ShouldBe(expected.Keys);
        foreach (var (name, tensor) in expected)
            tensor.cpu().bytes.SequenceEqual(state[name].cpu().bytes).ShouldBeTrue(name);
        loaded.get_buffer("1.num_batches_tracked")!.item<long>().ShouldBe(41);
    }

    [DeviceFact]
    public void A_file_written_by_the_letter_of_the_format_loads()
    {
        using var scope = NewDisposeScope();
        using (var stream = File.Create(file))
        {
            Leb128(stream, 2);
            Entry(stream, "weight", 6, [2, 3], [1, 2, 3, 4, 5, 6.5f]);
            Entry(stream, "bias", 6, [2], [-1, 300]);
        }
        using var layer = nn.Linear(3, 2);
        layer.load(file);
        layer.state_dict()["weight"].cpu().data<float>().ToArray().ShouldBe([1f, 2f, 3f, 4f, 5f, 6.5f]);
        layer.state_dict()["bias"].cpu().data<float>().ToArray().ShouldBe([-1f, 300f]);
    }

    [DeviceFact]
    public void A_file_is_written_by_the_letter_of_the_format()
    {
        using var scope = NewDisposeScope();
        using var layer = nn.Linear(200, 1, hasBias: false); // 200 needs two LEB128 bytes
        layer.save(file);
        using var expected = new MemoryStream();
        Leb128(expected, 1);
        Entry(expected, "weight", 6, [1, 200], layer.state_dict()["weight"].cpu().data<float>().ToArray());
        File.ReadAllBytes(file).ShouldBe(expected.ToArray());
    }

    [DeviceFact]
    public void A_torn_file_is_refused_and_changes_nothing()
    {
        using var scope = NewDisposeScope();
        using var layer = nn.Linear(3, 2);
        layer.save(file);
        var whole = File.ReadAllBytes(file);
        var before = layer.state_dict()["weight"].cpu().bytes.ToArray();
        for (var length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(file, whole[..length]);
            Should.Throw<InvalidDataException>(() => layer.load(file), $"{length} of {whole.Length} bytes").Message.ShouldContain(file);
        }
        layer.state_dict()["weight"].cpu().bytes.ToArray().ShouldBe(before);
    }

    [DeviceFact]
    public void Absurd_sizes_are_refused_before_memory_is_taken()
    {
        using var scope = NewDisposeScope();
        using var layer = nn.Linear(3, 2);
        using (var stream = File.Create(file))
        {
            Leb128(stream, 1);
            Entry(stream, "weight", 6, [1L << 40, 1L << 40], []);
        }
        Should.Throw<InvalidDataException>(() => layer.load(file)).Message.ShouldContain("weight");
    }

    [DeviceFact]
    public void A_state_dict_that_does_not_fit_lists_every_difference()
    {
        using var scope = NewDisposeScope();
        using var network = Network(1);
        var state = network.state_dict();
        var given = state.Where(entry => entry.Key != "0.weight").ToDictionary(entry => entry.Key, entry => entry.Value);
        given["1.weight"] = ones([7]);
        given["extra"] = ones([1]);
        var error = Should.Throw<InvalidOperationException>(() => network.load_state_dict(given));
        error.Message.ShouldContain("0.weight");
        error.Message.ShouldContain("1.weight");
        error.Message.ShouldContain("[7]");
        error.Message.ShouldContain("extra");
    }

    [DeviceFact]
    public void Without_strict_the_missing_and_the_unexpected_are_told()
    {
        using var scope = NewDisposeScope();
        using var network = Network(1);
        var (missing, unexpected) = network.load_state_dict(new Dictionary<string, Tensor>(StringComparer.Ordinal) { ["0.bias"] = full([4], 2.5), ["extra"] = ones([1]) }, strict: false);
        missing.ShouldContain("0.weight");
        unexpected.ShouldBe(["extra"]);
        network.state_dict()["0.bias"].cpu().data<float>().ToArray().ShouldAllBe(value => value == 2.5f);
    }

    [DeviceTheory]
    [InlineData(ScalarType.Float64)]
    [InlineData(ScalarType.BFloat16)]
    [InlineData(ScalarType.Int64)]
    [InlineData(ScalarType.Byte)]
    [InlineData(ScalarType.Bool)]
    public void One_tensor_of_any_type_is_saved_and_loaded(ScalarType type)
    {
        using var scope = NewDisposeScope();
        var saved = randint(0, 2, [3, 4]).to(type);
        using var stream = new MemoryStream();
        using (var writer = new BinaryWriter(stream, Encoding.UTF8, leaveOpen: true))
            saved.Save(writer);
        stream.Position = 0;
        var loaded = zeros([3, 4], type);
        using (var reader = new BinaryReader(stream))
            loaded.Load(reader);
        loaded.cpu().bytes.SequenceEqual(saved.cpu().bytes).ShouldBeTrue();
    }

    static TorchSharp.Modules.Sequential Network(long seed)
    {
        manual_seed(seed);
        return nn.Sequential(("0", nn.Conv2d(3, 4, 3)), ("1", nn.BatchNorm2d(4)));
    }

    static void Entry(Stream stream, string name, ulong type, long[] shape, float[] values)
    {
        var utf8 = Encoding.UTF8.GetBytes(name);
        Leb128(stream, (ulong)utf8.Length);
        stream.Write(utf8);
        Leb128(stream, type);
        Leb128(stream, (ulong)shape.Length);
        foreach (var size in shape)
            Leb128(stream, (ulong)size);
        foreach (var value in values)
            stream.Write(BitConverter.GetBytes(value));
    }

    static void Leb128(Stream stream, ulong value)
    {
        do
        {
            var low = (byte)(value & 0x7f);
            value >>= 7;
            stream.WriteByte((byte)(value == 0 ? low : low | 0x80));
        }
        while (value != 0);
    }
}

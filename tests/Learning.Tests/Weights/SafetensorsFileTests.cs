using System.Buffers.Binary;
using System.Text;
using KdRobust.Domain.Runs;
using KdRobust.Learning.Weights;
using KdRobust.Support;
using static TorchSharp.torch;

namespace KdRobust.Learning.Tests.Weights;

public sealed class SafetensorsFileTests : IDisposable
{
    readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    static readonly Dictionary<string, string> Metadata = new() { ["z"] = "last", ["a"] = "first, \"quoted\" ä" };

    static byte[] Write(IReadOnlyDictionary<string, Tensor> tensors)
    {
        var writer = new SafetensorsWriter(tensors, Metadata);
        using var stream = new MemoryStream();
        writer.WriteTo(stream);
        stream.Length.ShouldBe(writer.Length);
        return stream.ToArray();
    }

    static Dictionary<string, Tensor> Some() => new()
    {
        ["bytes"] = tensor(new byte[] { 1, 2, 3 }, [3]),
        ["scalar"] = full([], 42L, ScalarType.Int64),
        ["weight"] = tensor(new[] { 1.5f, -2, float.NaN, 0.1f, 3, 4 }, [2, 3]),
        ["none"] = empty([0, 7]),
        ["transposed"] = tensor(new[] { 1f, 2, 3, 4, 5, 6 }, [2, 3]).transpose(0, 1),
    };

    [DeviceFact]
    public void What_was_written_is_read()
    {
        using var scope = NewDisposeScope();
        File.WriteAllBytes(_path, Write(Some()));

        using var file = SafetensorsReader.Open(_path);

        file.Header.Metadata.ShouldBe(Metadata, ignoreOrder: true);
        file.Load("bytes").bytes.ToArray().ShouldBe(new byte[] { 1, 2, 3 });
        file.Load("scalar").shape.ShouldBeEmpty();
        file.Load("scalar").item<long>().ShouldBe(42);
        file.Load("weight").cpu().data<float>().ToArray().ShouldBe([1.5f, -2, float.NaN, 0.1f, 3, 4]);
        file.Load("none").shape.ShouldBe([0, 7]);
        file.Load("transposed").shape.ShouldBe([3, 2]);
        file.Load("transposed").cpu().data<float>().ToArray().ShouldBe([1f, 4, 2, 5, 3, 6]);
    }

    [DeviceFact]
    public void The_bytes_do_not_depend_on_the_order_of_the_names()
    {
        using var scope = NewDisposeScope();

        Write(Some().Reverse().ToDictionary()).ShouldBe(Write(Some()));
    }

    /// <summary>The file as the public description of the format lays it out, byte by byte.</summary>
    [DeviceFact]
    public void The_layout_is_the_public_one()
    {
        using var scope = NewDisposeScope();
        var bytes = Write(new Dictionary<string, Tensor> { ["b"] = tensor(new byte[] { 9 }, [1]), ["a"] = tensor(new[] { 1f }, [1]) });

        var length = (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        (length % 8).ShouldBe(0);
        using var header = System.Text.Json.JsonDocument.Parse(Encoding.UTF8.GetString(bytes, 8, length));
        var root = header.RootElement;
        root.EnumerateObject().Select(p => p.Name).ShouldBe(["__metadata__", "a", "b"]);
        root.GetProperty("a").GetRawText().ShouldBe("""{"dtype":"F32","shape":[1],"data_offsets":[0,4]}""");
        root.GetProperty("b").GetRawText().ShouldBe("""{"dtype":"U8","shape":[1],"data_offsets":[4,5]}""");
        bytes[(8 + length)..].ShouldBe(new byte[] { 0, 0, 0x80, 0x3f, 9 });
    }

    [DeviceFact]
    public void A_file_cut_anywhere_is_refused()
    {
        using var scope = NewDisposeScope();
        var whole = Write(Some());
        for (var length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(_path, whole[..length]);
            Should.Throw<RunInputException>(() => SafetensorsReader.Open(_path)).Message.ShouldStartWith($"{_path}: not a valid safetensors file");
        }
    }

    [DeviceTheory]
    [InlineData(ulong.MaxValue)]
    [InlineData(1UL << 62)]
    [InlineData(100_000_000UL)]
    public void A_header_longer_than_the_file_is_refused_before_memory_is_asked_for(ulong length)
    {
        var bytes = new byte[64];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, length);
        File.WriteAllBytes(_path, bytes);

        Should.Throw<RunInputException>(() => SafetensorsReader.Open(_path)).Message.ShouldContain($"a header of {length} bytes; at most 56");
    }

    [DeviceFact]
    public void A_changed_byte_of_the_header_never_crashes()
    {
        using var scope = NewDisposeScope();
        var whole = Write(Some());
        var header = 8 + (int)BinaryPrimitives.ReadUInt64LittleEndian(whole);
        for (var at = 0; at < header; at++)
        {
            var changed = whole.ToArray();
            changed[at] ^= 0x15;
            File.WriteAllBytes(_path, changed);
            try
            {
                SafetensorsReader.Open(_path).Dispose();
            }
            catch (RunInputException)
            {
                // Refused, which is right; a name may also change into another valid one.
            }
        }
    }

    [DeviceFact]
    public void A_missing_file_is_refused_by_name()
    {
        Should.Throw<RunInputException>(() => SafetensorsReader.Open("/nowhere/w.safetensors")).Message.ShouldContain("/nowhere/w.safetensors");
    }

    [DeviceFact]
    public void Weights_of_another_network_are_refused_with_every_mismatch()
    {
        using var scope = NewDisposeScope();
        using var network = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm2d(3));
        File.WriteAllBytes(_path, Write(new Dictionary<string, Tensor>
        {
            ["0.weight"] = zeros([3, 4]),
            ["0.bias"] = zeros([3]),
            ["1.weight"] = zeros([3]),
            ["1.bias"] = zeros([3], ScalarType.Int64),
            ["1.running_mean"] = zeros([3]),
            ["1.running_var"] = zeros([3]),
            ["extra"] = zeros([1]),
        }));
        var before = network.state_dict()["0.bias"].clone();

        var refusal = Should.Throw<RunInputException>(() => StateDictFile.Load(_path, network)).Message;

        refusal.ShouldContain("does not fit the network in 4 places");
        refusal.ShouldContain("'0.weight' is Float32 [3,4], expected Float32 [3,2]");
        refusal.ShouldContain("'1.bias' is Int64 [3], expected Float32 [3]");
        refusal.ShouldContain("'1.num_batches_tracked' is missing");
        refusal.ShouldContain("'extra' is unexpected");
        network.state_dict()["0.bias"].cpu().data<float>().ToArray().ShouldBe(before.cpu().data<float>().ToArray());
    }

    [DeviceFact]
    public void Weights_go_from_one_network_to_another()
    {
        using var scope = NewDisposeScope();
        using var from = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm2d(3));
        using var to = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm2d(3));
        using (var stream = File.Create(_path)) StateDictFile.Writer(from, Metadata).WriteTo(stream);

        StateDictFile.Load(_path, to);

        foreach (var (name, tensor) in from.state_dict())
            to.state_dict()[name].contiguous().cpu().bytes.ToArray().ShouldBe(tensor.contiguous().cpu().bytes.ToArray(), name);
    }
}

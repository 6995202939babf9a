using System.Text.Json;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Runs;
using KdRobust.Learning.Weights;
using KdRobust.Learning.Weights.Export;
using KdRobust.Learning.Weights.Import;
using KdRobust.Support;
using static TorchSharp.torch;

namespace KdRobust.Learning.Tests.Weights;

/// <summary>Files that PyTorch wrote are read here, and files that were written here are read by PyTorch, bit for bit.</summary>
public sealed class PythonFilesTests : IDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("kdr-torch-files-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    sealed record Described(long[] Shape, string Dtype, byte[] Bytes);

    static Dictionary<string, Described> Read(string path) => JsonSerializer.Deserialize<Dictionary<string, Described>>(File.ReadAllText(path), SpecJson.Options)!;

    static async Task Python(params string[] arguments)
    {
        var run = await PythonTorch.Run(Path.Combine(AppContext.BaseDirectory, "Weights", "torch_files.py"), arguments);
        run.ExitCode.ShouldBe(0, run.Text);
    }

    static string DtypeOf(ElementType type) => "torch." + SafetensorsReader.DtypeOf(type) switch
    {
        ScalarType.Byte => "uint8",
        var other => other.ToString().ToLowerInvariant(),
    };

    string At(string name) => Path.Combine(_folder, name);

    [PythonTorchFact]
    public async Task Every_form_of_torch_save_is_read_bit_for_bit()
    {
        await Python("write", _folder);
        var expected = Read(At("expected.json"));
        using var scope = NewDisposeScope();
        foreach (var path in Directory.GetFiles(_folder, "*.pt").Where(path => !path.EndsWith("module.pt", StringComparison.Ordinal)))
        {
            using var file = WeightsFile.Open(path);
            file.Source.ShouldBe($"PyTorch {(path.Contains("legacy", StringComparison.Ordinal) ? "legacy" : "zip")} file, {(path.EndsWith("/zip.pt", StringComparison.Ordinal) ? "top level" : "state_dict")}");
            file.Tensors.Select(tensor => tensor.Name).ShouldBe(expected.Keys, path);
            foreach (var tensor in file.Tensors)
            {
                tensor.Shape.ShouldBe(expected[tensor.Name].Shape);
                DtypeOf(tensor.Type).ShouldBe(expected[tensor.Name].Dtype);
                if (tensor.Shape.Contains(0)) continue;
                file.Load(tensor.Name).bytes.ToArray().ShouldBe(expected[tensor.Name].Bytes, $"{tensor.Name} of {path}");
            }
        }
        Should.Throw<RunInputException>(() => WeightsFile.Open(At("module.pt"))).Message.ShouldContain("torch.nn.modules.linear.Linear");
    }

    [PythonTorchFact]
    public async Task What_is_exported_PyTorch_reads_with_weights_only_bit_for_bit()
    {
        // No dispose scope: it would have to end on the thread it began on.
        var tensors = new Dictionary<string, Tensor>
        {
            ["layer1.0.conv1.weight"] = rand([8, 3, 3, 3]), ["bn1.num_batches_tracked"] = full([], 1L << 40, ScalarType.Int64), ["bytes"] = tensor(new byte[] { 1, 2, 255 }, [3]),
            ["fc.weight"] = rand([300, 257]), ["ä"] = rand([1]), ["none"] = empty([0, 7]),
        };
        using (var stream = File.Create(At("w.safetensors"))) new SafetensorsWriter(tensors, new Dictionary<string, string>()).WriteTo(stream);

        WeightsExport.Write(At("w.safetensors"), At("w.pt")).Tensors.ShouldBe(tensors.Count);
        WeightsExport.Write(At("w.safetensors"), At("copy.safetensors"));
        await Python("read", At("w.pt"), At("answers.json"));

        var answers = Read(At("answers.json"));
        answers.Keys.ShouldBe(tensors.Keys, ignoreOrder: true);
        foreach (var (name, values) in tensors)
        {
            answers[name].Shape.ShouldBe(values.shape);
            answers[name].Bytes.ShouldBe(values.numel() == 0 ? [] : values.cpu().bytes.ToArray(), name);
        }
        File.ReadAllBytes(At("copy.safetensors")).ShouldBe(File.ReadAllBytes(At("w.safetensors")));
        using var again = WeightsFile.Open(At("w.pt"));
        foreach (var (name, values) in tensors)
        {
            using var loaded = again.Load(name);
            loaded.shape.ShouldBe(values.shape);
            if (values.numel() > 0) loaded.cpu().bytes.ToArray().ShouldBe(values.cpu().bytes.ToArray());
            values.Dispose();
        }
    }

    [DeviceFact]
    public void Storages_of_an_export_are_stored_as_they_are_at_multiples_of_64()
    {
        using var scope = NewDisposeScope();
        var values = arange(0, 1000, ScalarType.Float32).add_(0.5f);
        using (var stream = File.Create(At("w.safetensors"))) new SafetensorsWriter(new Dictionary<string, Tensor> { ["a"] = values, ["b"] = values }, new Dictionary<string, string>()).WriteTo(stream);
        WeightsExport.Write(At("w.safetensors"), At("w.pth"));

        var bytes = File.ReadAllBytes(At("w.pth"));
        var first = bytes.AsSpan().IndexOf(values.cpu().bytes);
        var second = bytes.AsSpan().LastIndexOf(values.cpu().bytes);
        (first % 64, second % 64).ShouldBe((0, 0));
        second.ShouldBeGreaterThan(first);
        // .NET's own reader checks the structure; its entries carry the checksums.
        using var zip = System.IO.Compression.ZipFile.OpenRead(At("w.pth"));
        zip.Entries.Select(entry => entry.FullName).ShouldBe(["archive/data.pkl", "archive/byteorder", "archive/data/0", "archive/data/1", "archive/version"]);
        using var crc = new Crc32();
        crc.Write(values.cpu().bytes);
        zip.Entries[2].Crc32.ShouldBe(crc.Value);
    }

    [DeviceFact]
    public void The_checksum_is_the_public_one()
    {
        using var crc = new Crc32();
        crc.Write("123456789"u8);
        crc.Value.ShouldBe(0xCBF43926u);
    }

    [DeviceFact]
    public void An_unknown_ending_or_a_place_that_cannot_be_written_is_refused_and_nothing_is_left()
    {
        File.WriteAllBytes(At("w.safetensors"), [2, 0, 0, 0, 0, 0, 0, 0, (byte)'{', (byte)'}']);
        Should.Throw<RunInputException>(() => WeightsExport.Write(At("w.safetensors"), At("w.onnx"))).Message.ShouldContain("ends with .pt, .pth, .safetensors");
        Should.Throw<RunInputException>(() => WeightsExport.Write(At("w.safetensors"), At("no/such/w.pt"))).Message.ShouldContain("cannot be written");
        Should.Throw<RunInputException>(() => WeightsExport.Write(At("nothing.safetensors"), At("w.pt"))).Message.ShouldContain("nothing.safetensors: cannot be opened");
        Directory.GetFiles(_folder).Length.ShouldBe(1);
    }
}

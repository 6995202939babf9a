using System.Text.Json.Nodes;
using KdRobust.Worker.Local;

namespace KdRobust.Worker.Tests;

public sealed class WeightsVerbsTests : IDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("kdr-verbs-").FullName;
    readonly StringWriter output = new();
    readonly StringWriter errors = new();

    public void Dispose()
    {
        output.Dispose();
        errors.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    string Weights()
    {
        var path = Path.Combine(folder, "w.safetensors");
        var header = """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"""u8.ToArray();
        File.WriteAllBytes(path, [.. BitConverter.GetBytes((ulong)header.Length), .. header, 0, 0, 0x80, 0x3f]);
        return path;
    }

    [Fact]
    public void Inspect_prints_what_a_file_holds()
    {
        WeightsVerbs.Inspect([Weights()], output, errors).ShouldBe(0, errors.ToString());
        var said = JsonNode.Parse(output.ToString())!;
        said["source"]!.GetValue<string>().ShouldBe("safetensors file, top level");
        said["sha256"]!.GetValue<string>().Length.ShouldBe(64);
        said["tensors"]!.ToJsonString().ShouldBe("""[{"name":"a","type":"F32","shape":[1]}]""");
        said["rename"].ShouldBeNull();
    }

    [Fact]
    public void Export_writes_what_inspect_reads()
    {
        var to = Path.Combine(folder, "w.pt");
        WeightsVerbs.Export([Weights(), to], output, errors).ShouldBe(0, errors.ToString());
        output.ToString().Trim().ShouldBe(to);
        using var said = new StringWriter();
        WeightsVerbs.Inspect([to], said, errors).ShouldBe(0, errors.ToString());
        JsonNode.Parse(said.ToString())!["source"]!.GetValue<string>().ShouldBe("PyTorch zip file, top level");
    }

    [Fact]
    public void A_file_that_cannot_be_read_is_1_with_one_line_and_wrong_words_are_usage()
    {
        var file = Path.Combine(folder, "w.th");
        File.WriteAllBytes(file, "\u0080\u0002cposix\nsystem\nU\u0002ls\u0085R."u8.ToArray());
        WeightsVerbs.Inspect([file], output, errors).ShouldBe(1);
        errors.ToString().ShouldStartWith(file);
        errors.ToString().Trim().ShouldNotContain("\n");
        output.ToString().ShouldBeEmpty();
        Should.Throw<UsageException>(() => WeightsVerbs.Inspect([], output, errors));
        Should.Throw<UsageException>(() => WeightsVerbs.Inspect([file, "--network", "{}"], output, errors)).Message.ShouldStartWith("--network: expected the JSON");
        Should.Throw<UsageException>(() => WeightsVerbs.Export([file], output, errors)).Message.ShouldContain(".pt, .pth, .safetensors");
    }
}

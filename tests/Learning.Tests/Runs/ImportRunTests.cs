using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Plans;
using KdRobust.Domain.Runs;
using KdRobust.Learning.Runs;
using KdRobust.Learning.Weights;
using KdRobust.Learning.Weights.Import;
using KdRobust.Support;
using static TorchSharp.torch;

namespace KdRobust.Learning.Tests.Runs;

public sealed class ImportRunTests : IDisposable
{
    const string Prefix = "module.";
    readonly string _folder = Directory.CreateTempSubdirectory("kdr-import-").FullName;
    readonly IDisposable _scope = NewDisposeScope();
    readonly Dictionary<string, Tensor> _state;

    public ImportRunTests()
    {
        using var network = Networks.Build();
        _state = network.Module.state_dict().ToDictionary(entry => Prefix + entry.Key, entry => entry.Value.detach().clone());
    }

    public void Dispose()
    {
        _scope.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    string Write(string name = "w.safetensors")
    {
        var path = Path.Combine(_folder, name);
        using var stream = File.Create(path);
        new SafetensorsWriter(_state, new Dictionary<string, string>()).WriteTo(stream);
        return path;
    }

    static ImportSpec Rules(string path, params string[] skip) => new() { Sha256 = WeightsDescription.Sha256Of(path), Rename = [new() { From = Prefix, To = "" }], Skip = skip };

    static RunRequest Request(string path, ImportSpec rules, NetworkShape? network = null) => RecordedRun.Request(
        new ImportPayload { Seed = 5, Dataset = TinyExperiment.Dataset, Compute = TinyExperiment.Compute, Network = network ?? TinyExperiment.Plain, File = rules },
        new Dictionary<string, string> { [InputRoles.File] = path });

    static string Refusal(RunRequest request) => Should.Throw<RunInputException>(() => RecordedRun.Of(request)).Message;

    [DeviceFact]
    public void Weights_come_in_under_the_networks_names_and_the_result_shows_the_mapping()
    {
        _state["module.extra.weight"] = zeros([1]);
        var path = Write();

        var run = RecordedRun.Of(Request(path, Rules(path, "module.extra")));

        var result = run.Result<ImportResult>();
        result.Source.ShouldBe("safetensors file, top level");
        result.Parameters.ShouldBe(77_850);
        result.Skipped.ShouldBe(["module.extra.weight"]);
        result.Mapped.Count.ShouldBe(_state.Count - 1);
        result.Mapped.ShouldAllBe(key => key.File == Prefix + key.Network);
        var output = Path.Combine(_folder, "out.safetensors");
        File.WriteAllBytes(output, run.Output(OutputNames.Weights));
        using var weights = SafetensorsReader.Open(output);
        foreach (var key in result.Mapped) weights.Load(key.Network).bytes.ToArray().ShouldBe(_state[key.File].contiguous().cpu().bytes.ToArray());
    }

    [DeviceFact]
    public void Another_file_than_the_spec_names_is_refused()
    {
        var path = Write();
        var refusal = Refusal(Request(path, Rules(path) with { Sha256 = new string('a', 64) }));
        refusal.ShouldContain($"its SHA-256 is {WeightsDescription.Sha256Of(path)}, but the spec names {new string('a', 64)}");
    }

    [DeviceFact]
    public void Everything_that_does_not_fit_is_listed()
    {
        _state.Remove("module.conv1.weight");
        _state["module.fc.bias"] = zeros([11]);
        _state["module.bn1.num_batches_tracked"] = zeros([]);
        _state["module.extra"] = zeros([1]);
        _state["fc.weight"] = zeros([10, 64]);
        var path = Write();

        var refusal = Refusal(Request(path, Rules(path)));

        refusal.ShouldContain("in 5 places");
        refusal.ShouldContain("'conv1.weight' is missing");
        refusal.ShouldContain("'module.fc.bias -> fc.bias' is F32 [11], expected Float32 [10]");
        refusal.ShouldContain("'module.bn1.num_batches_tracked -> bn1.num_batches_tracked' is F32 [], expected Int64 []");
        refusal.ShouldContain("'module.extra -> extra' is unexpected");
        refusal.ShouldMatch("'fc.weight' is several: .*'module.fc.weight'");
    }

    [DeviceFact]
    public void Names_that_a_rename_would_make_fit_are_refused_with_that_rename_and_not_with_a_page_of_names()
    {
        var path = Write();

        var refusal = Refusal(Request(path, Rules(path) with { Rename = [] }));

        refusal.ShouldStartWith(Path.GetFileName(path));
        refusal.ShouldContain("""("rename": [{"from":"module.","to":""}] would fit better)""");
        refusal.ShouldMatch("'block1[a-z0-9_.]*' is missing.*; and [0-9]+ more$");
        refusal.Length.ShouldBeLessThan(600);
    }

    [DeviceFact]
    public void Counters_of_batches_that_an_old_file_lacks_are_zero()
    {
        foreach (var name in _state.Keys.Where(name => name.EndsWith("num_batches_tracked", StringComparison.Ordinal)).ToList()) _state.Remove(name);
        var path = Write();

        var run = RecordedRun.Of(Request(path, Rules(path)));

        File.WriteAllBytes(path, run.Output(OutputNames.Weights));
        using var weights = SafetensorsReader.Open(path);
        weights.Load("bn1.num_batches_tracked").item<long>().ShouldBe(0);
        run.Result<ImportResult>().Mapped.ShouldNotContain(key => key.Network.EndsWith("num_batches_tracked"));
    }

    [DeviceFact]
    public void Noise_parameters_that_the_file_lacks_are_missing_like_any_other()
    {
        var path = Write();
        Refusal(Request(path, Rules(path), TinyExperiment.Colored)).ShouldContain("weight_noise_d' is missing");
    }

    [DeviceFact]
    public void What_is_no_tensor_is_refused_with_its_name_unless_it_is_skipped()
    {
        var path = Path.Combine(_folder, "w.th");
        File.WriteAllBytes(path, Weights.TorchFileBytes.Legacy(
            Weights.TorchFileBytes.Dict(("a", Weights.TorchFileBytes.Tensor(Weights.TorchFileBytes.Storage("0", 6), 0, [6], [1])), ("evil", "cposix\nsystem\nX\u0002\0\0\0ls\u0085R")), ("0", Weights.TorchFileBytes.Six)));

        Refusal(Request(path, Rules(path))).ShouldContain("'evil' is no tensor but an object of posix.system, which is not built");
        Refusal(Request(path, Rules(path, "evil"))).ShouldNotContain("posix");
    }

    [DeviceTheory]
    [InlineData(ScalarType.Float16)]
    [InlineData(ScalarType.BFloat16)]
    [InlineData(ScalarType.Float64)]
    public void Other_floating_point_types_are_converted(ScalarType type)
    {
        var path = Path.Combine(_folder, "typed.safetensors");
        var values = _state["module.fc.bias"].copy_(tensor(new[] { 0.1f, 1, -2, 3, 1e-3f, 5, 6, 7, 8, 9 }, [10])).to(type);
        WriteTyped(path, values);

        var run = RecordedRun.Of(Request(path, Rules(path)));

        File.WriteAllBytes(path, run.Output(OutputNames.Weights));
        using var weights = SafetensorsReader.Open(path);
        weights.Load("fc.bias").cpu().data<float>().ToArray().ShouldBe(values.to(ScalarType.Float32).cpu().data<float>().ToArray());
    }

    // The state dict with one tensor of a type that is never written otherwise.
    void WriteTyped(string path, Tensor bias)
    {
        var plain = File.ReadAllBytes(Write());
        var length = (int)System.Buffers.Binary.BinaryPrimitives.ReadUInt64LittleEndian(plain);
        var header = System.Text.Json.Nodes.JsonNode.Parse(plain.AsSpan(8, length))!.AsObject();
        var entry = header["module.fc.bias"]!.AsObject();
        var (begin, end) = (entry["data_offsets"]![0]!.GetValue<int>(), entry["data_offsets"]![1]!.GetValue<int>());
        var bytes = bias.contiguous().cpu().bytes.ToArray();
        foreach (var (name, other) in header)
        {
            var offsets = other!["data_offsets"]!.AsArray();
            if (offsets[0]!.GetValue<int>() >= end && name != "module.fc.bias")
                (offsets[0], offsets[1]) = (offsets[0]!.GetValue<int>() + bytes.Length - (end - begin), offsets[1]!.GetValue<int>() + bytes.Length - (end - begin));
        }
        entry["dtype"] = bias.dtype switch { ScalarType.Float16 => "F16", ScalarType.BFloat16 => "BF16", _ => "F64" };
        entry["data_offsets"]![1] = begin + bytes.Length;
        var json = System.Text.Encoding.UTF8.GetBytes(header.ToJsonString());
        File.WriteAllBytes(path, [.. BitConverter.GetBytes((ulong)json.Length), .. json, .. plain[(8 + length)..(8 + length + begin)], .. bytes, .. plain[(8 + length + end)..]]);
    }

    [DeviceFact]
    public void A_local_experiment_finds_the_file_by_its_checksum_and_says_which_is_missing()
    {
        var path = Write();
        var spec = new ExperimentSpec
        {
            Name = "eval", Title = "", Notes = [], Expected = null, Seed = 0, Dataset = TinyExperiment.Dataset, Compute = TinyExperiment.Compute,
            Models = new Dictionary<string, ModelSpec> { ["m"] = new() { Architecture = TinyExperiment.Backbone, Noise = new NoNoiseSpec(), Weights = Rules(path) } },
            Views = new Dictionary<string, ViewSpec>
            {
                ["m"] = new() { Model = "m", Checkpoint = ModelCheckpoint.Last, WeightNoise = true, InputNoise = null, Aggregation = Aggregation.Votes, Draws = 1, Sharing = DrawSharing.Shared, EarlyStop = false },
            },
            Evaluations = new Dictionary<string, EvaluationSpec> { ["clean"] = new() { View = "m", Images = 30 } },
            Transfers = new Dictionary<string, TransferSpec>(), Tables = [], Figures = [], Comparisons = [],
        };
        IReadOnlyList<LocalJob> Run(string folder, IReadOnlyDictionary<string, string>? models) =>
            new LocalExperiment(ExperimentPlan.Of(spec), Path.Combine(_folder, folder), null, models).Run(_ => { }, (_, _) => { }, _ => { }, new StopSignal());

        Run("with", new Dictionary<string, string> { [WeightsDescription.Sha256Of(path)] = path }).Select(job => job.End).ShouldBe([LocalJobEnd.Computed, LocalJobEnd.Computed]);
        var without = Run("without", null);
        without[0].Failure!.ShouldContain($"no file of SHA-256 {WeightsDescription.Sha256Of(path)} was given: name it with --model FILE");
        without[1].End.ShouldBe(LocalJobEnd.Skipped);
    }

    [DeviceFact]
    public void An_import_leaves_no_tensor_alive()
    {
        var path = Write();
        RecordedRun.Of(Request(path, Rules(path)));
        var before = LiveTensors.Count();
        RecordedRun.Of(Request(path, Rules(path)));
        LiveTensors.Count().ShouldBe(before);
    }
}

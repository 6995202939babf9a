using System.CommandLine;
using System.Globalization;
using System.Text.RegularExpressions;
using KdRobust.Cli.Evaluation;
using KdRobust.Cli.Local;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Reports;

namespace KdRobust.Cli.Commands;

/// <summary><c>kdr eval --import FILE</c>: accuracy of weights that were trained elsewhere, in a one-off process without a service.</summary>
static partial class EvalCommand
{
    public static Command Create(CommandContext context)
    {
        var import = new Option<string>("--import") { Description = "Weights: PyTorch's .pt, .pth, .th, .pth.tar, or safetensors; nothing in the file is executed", HelpName = "FILE", Required = true };
        var arch = new Option<string>("--arch") { Description = ArchitectureName.Known, HelpName = "NAME", Required = true };
        var mean = Channels("--mean", "Mean of the red, green and blue pixels in [0,1], inside the network", value => double.IsFinite(value));
        var std = Channels("--std", "Their standard deviation", value => double.IsFinite(value) && value > 0);
        var raw = new Option<bool>("--no-normalize") { Description = "The network takes pixels in [0,1] as they are" };
        var rename = Repeated("--rename", "FROM=TO", "What the file's names begin with, and what stands there instead; replaces the proposal, which is shown");
        rename.Validators.Add(result => { foreach (var token in result.Tokens.Where(token => token.Value.IndexOf('=') < 1)) result.AddError($"--rename {token.Value}: expected FROM=TO, e.g. module.= or linear.=fc."); });
        var skip = Repeated("--skip", "PREFIX", "Names of the file that are left out");
        var dataset = new Option<string>("--dataset") { Description = "cifar10 (default), cifar10-mini or synthetic", HelpName = "NAME", DefaultValueFactory = _ => "cifar10" };
        dataset.AcceptOnlyFromAmong("cifar10", "cifar10-mini", "synthetic");
        var images = UpCommand.Number("--images", "The first N test images; default all (synthetic: 1000)", 0, 1, 10_000);
        images.Description = "The first N test images; default all of the data set";
        var attack = new Option<string>("--attack") { Description = "none (default) or pgdK, K steps without a random start on the cross-entropy, e.g. pgd10", HelpName = "NAME", DefaultValueFactory = _ => "none" };
        attack.Validators.Add(result => { if (result.Tokens is [var token] && !AttackName().IsMatch(token.Value)) result.AddError($"--attack {token.Value}: expected none or pgdK, e.g. pgd10"); });
        var epsilon = Size("--eps", "Radius of the attack's Linf ball in pixel units; default 8/255", "8/255");
        var step = Size("--step", "Step of the attack in pixel units; default .006", ".006");
        var steps = UpCommand.Number("--steps", "Steps of the attack, in place of those in its name", 0, 1, 10_000);
        steps.Description = "Steps of the attack, in place of those in its name";
        var device = new Option<string>("--device") { Description = "cpu (default) or cuda", HelpName = "NAME", DefaultValueFactory = _ => "cpu" };
        device.AcceptOnlyFromAmong("cpu", "cuda");
        var threads = UpCommand.Number("--threads", "Threads of the computation", Math.Min(256, Environment.ProcessorCount), 1, 256);
        var data = new Option<string?>("--data") { Description = "Folder with cifar10-mini/ or cifar-10-batches-bin/; default KDR_DATA, ./data, then what was fetched", HelpName = "DIR" };
        var json = CommandContext.JsonOption();
        var command = new Command("eval", "Accuracy of weights from a file, clean and attacked, without a service")
        {
            import, arch, mean, std, raw, rename, skip, dataset, images, attack, epsilon, step, steps, device, threads, data, json,
        };
        command.SetAction(async (parsed, ct) =>
        {
            var file = parsed.GetValue(import)!;
            if (!File.Exists(file)) throw new CommandFailedException(ExitCode.Usage, $"--import {file}: there is no such file");
            var name = SetOf(parsed.GetValue(dataset)!);
            var request = new EvaluationRequest(
                ArchitectureName.Read(parsed.GetValue(arch)!, Normalization(parsed.GetValue(mean), parsed.GetValue(std), parsed.GetValue(raw)))
                    ?? throw new CommandFailedException(ExitCode.Usage, $"--arch {parsed.GetValue(arch)}: expected {ArchitectureName.Known}"),
                name,
                parsed.GetValue(images) is > 0 and var n ? n : DatasetCatalog.Of(name).TestImages,
                AttackOf(parsed.GetValue(attack)!, Fraction(parsed.GetValue(epsilon)!), Fraction(parsed.GetValue(step)!), parsed.GetValue(steps)),
                new ComputeSpec { Device = parsed.GetValue(device) == "cuda" ? DeviceKind.Cuda : DeviceKind.Cpu, Threads = parsed.GetValue(threads), Precision = Precision.Float32 });
            var rules = parsed.GetValue(rename)!.Select(text => new RenameSpec { From = text[..text.IndexOf('=')], To = text[(text.IndexOf('=') + 1)..] }).ToList();
            // What is wrong is said before anything is read: the file's own facts stand in meanwhile.
            Check(EvaluationSpecBuilder.Build(request, new ImportSpec { Sha256 = new string('0', 64), Rename = rules, Skip = parsed.GetValue(skip)! }));
            NativeBuild.Require(context.Folders);
            var evaluation = new LocalEvaluation(context, DataFolder.Find(context.Folders, parsed.GetValue(data), context.Environment)?.Path);
            var (weights, source) = await evaluation.Describe(file, request.Architecture, rules, parsed.GetValue(skip)!, ct);
            Tell(context, weights, source);
            var results = await evaluation.Compute(EvaluationSpecBuilder.Build(request, weights), file, ct);
            Write(context, parsed.GetValue(json), results, request, weights, source);
            return ExitCode.Done;
        });
        return command;
    }

    static void Check(ExperimentSpec spec)
    {
        if (SpecRules.Check(spec) is { Count: > 0 } problems) throw new CommandFailedException(ExitCode.Usage, string.Join('\n', problems));
    }

    static NormalizationSpec? Normalization(string? mean, string? std, bool raw)
    {
        if (raw) return mean is null && std is null ? null : throw new CommandFailedException(ExitCode.Usage, "--no-normalize and --mean or --std exclude each other");
        return mean is not null && std is not null
            ? new NormalizationSpec { Mean = Numbers(mean)!, Std = Numbers(std)! }
            : throw new CommandFailedException(ExitCode.Usage, "--mean and --std are needed, three numbers each, e.g. --mean .491,.482,.447 --std .247,.243,.262; or --no-normalize: the file does not say what the network was trained on");
    }

    static PgdSpec? AttackOf(string name, Fraction epsilon, Fraction step, int steps) => name == "none" ? null : new PgdSpec
    {
        Norm = AttackNorm.Linf, Epsilon = epsilon, Loss = AttackLoss.CrossEntropy, Target = AttackTarget.None, Expectation = null,
        StepSize = step, Steps = steps > 0 ? steps : int.Parse(name["pgd".Length..], CultureInfo.InvariantCulture), Restarts = 1, RandomStart = false,
        Gradient = StepGradient.Fresh, Keep = KeepIterate.Last, SelectingDraws = 1,
    };

    static void Tell(CommandContext context, ImportSpec weights, string source)
    {
        context.Terminal.Say($"weights: {source}; SHA-256 {weights.Sha256}");
        context.Terminal.Say($"rename: {(weights.Rename.Count == 0 ? "nothing" : string.Join(", ", weights.Rename.Select(rule => $"'{rule.From}' -> '{rule.To}'")))}");
        if (weights.Skip.Count > 0) context.Terminal.Say($"skip: {string.Join(", ", weights.Skip.Select(prefix => $"'{prefix}'"))}");
    }

    static void Write(CommandContext context, bool json, IReadOnlyDictionary<string, ResultRecord> results, EvaluationRequest request, ImportSpec weights, string source)
    {
        var clean = Accuracy.Of(results[EvaluationSpecBuilder.Clean]);
        var attacked = request.Attack is null ? null : Accuracy.Of(results[EvaluationSpecBuilder.AttackedResult]);
        if (json)
        {
            var said = new Dictionary<string, object> { [EvaluationSpecBuilder.Clean] = clean };
            if (attacked is not null) said[EvaluationSpecBuilder.Attacked] = attacked;
            said["attack"] = (object?)request.Attack ?? "none";
            said["weights"] = new { Source = source, weights.Sha256, weights.Rename, weights.Skip };
            context.WriteJson(said);
            return;
        }
        context.Terminal.Out.WriteLine($"clean\t{clean}");
        if (attacked is not null) context.Terminal.Out.WriteLine($"pgd\t{attacked}");
    }

    static DatasetName SetOf(string name) => name switch
    {
        "cifar10" => DatasetName.Cifar10,
        "cifar10-mini" => DatasetName.Cifar10Mini,
        _ => DatasetName.Synthetic,
    };

    static Option<string?> Channels(string name, string description, Func<double, bool> fits)
    {
        var option = new Option<string?>(name) { Description = $"{description}: three numbers with commas between", HelpName = "R,G,B" };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && (Numbers(token.Value) is not { Count: 3 } numbers || !numbers.All(fits)))
                result.AddError($"{name} {token.Value}: expected three numbers{(fits(0) ? "" : " above 0")}, e.g. .491,.482,.447");
        });
        return option;
    }

    static Option<string> Size(string name, string description, string standard)
    {
        var option = new Option<string>(name) { Description = description, HelpName = "SIZE", DefaultValueFactory = _ => standard };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && (!Domain.Experiments.Fraction.TryParse(token.Value, out var size) || size.Value < 0 || size.Value > 1))
                result.AddError($"{name} {token.Value}: expected a number from 0 to 1, e.g. {standard}");
        });
        return option;
    }

    static Option<string[]> Repeated(string name, string value, string description) => new(name)
    {
        Description = $"{description}; may be repeated", HelpName = value, Arity = ArgumentArity.OneOrMore, AllowMultipleArgumentsPerToken = false, DefaultValueFactory = _ => [],
    };

    static Fraction Fraction(string text) => Domain.Experiments.Fraction.TryParse(text, out var fraction) ? fraction : throw new CommandFailedException(ExitCode.Usage, $"{text}: expected a number or a quotient such as 8/255");

    static List<double>? Numbers(string text)
    {
        var numbers = new List<double>();
        foreach (var part in text.Split(','))
        {
            if (!double.TryParse(part, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)) return null;
            numbers.Add(number);
        }
        return numbers;
    }

    [GeneratedRegex("^(none|pgd[1-9][0-9]{0,3})$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex AttackName();

    /// <summary>An accuracy as it is printed: per cent, with its 95 % Wilson interval.</summary>
    sealed record Accuracy([property: System.Text.Json.Serialization.JsonPropertyName("accuracy")] double Percent, int Images, int Correct, IReadOnlyList<double> Interval)
    {
        public static Accuracy Of(ResultRecord record) => new(record.Accuracy, record.Images, record.Correct, [record.Lower, record.Upper]);

        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Percent:0.00} %\t[{Interval[0]:0.00}, {Interval[1]:0.00}]\t{Correct} of {Images}");
    }
}

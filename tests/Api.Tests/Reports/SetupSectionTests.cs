using System.Text.Json;
using System.Text.Json.Nodes;
using KdRobust.Api.Reports;
using KdRobust.Api.Reports.Setup;
using KdRobust.Api.Tests.Samples;
using KdRobust.Domain.Experiments;

namespace KdRobust.Api.Tests.Reports;

public sealed class SetupSectionTests
{
    // What the setup does not say: it stands elsewhere in the report.
    static readonly string[] Elsewhere = ["$schema", "name", "title", "notes", "expected", "tables", "figures", "comparisons"];

    static string Words(JsonNode spec)
    {
        var page = new HtmlText();
        SetupSection.Write(page, spec.Deserialize<ExperimentSpec>(SpecJson.Options)!);
        return page.ToString();
    }

    /// <summary>Every number, choice, switch and name of the spec, each with another value in its place.</summary>
    static IEnumerable<(string Path, JsonNode Changed)> Changes()
    {
        foreach (var path in Leaves(JsonNode.Parse(FullSpec.Text)!, []))
        {
            if (Elsewhere.Contains(path[0])) continue;
            var root = JsonNode.Parse(FullSpec.Text)!;
            var parent = path[..^1].Aggregate(root, (node, step) => node is JsonArray array ? array[int.Parse(step)]! : node[step]!);
            var leaf = parent is JsonArray list ? list[int.Parse(path[^1])]! : parent[path[^1]]!;
            // A kind is not changed alone: other fields come with it. Each kind has its own fields in the sample.
            if (path[^1] == "kind") continue;
            foreach (var other in Others(leaf, path))
            {
                if (parent is JsonArray items) items[int.Parse(path[^1])] = other;
                else parent[path[^1]] = other;
                yield return (string.Join('.', path), root);
            }
        }
    }

    static IEnumerable<string[]> Leaves(JsonNode? node, string[] path) => node switch
    {
        JsonObject entries => entries.SelectMany(e => Leaves(e.Value, [.. path, e.Key])),
        JsonArray items => items.SelectMany((item, i) => Leaves(item, [.. path, i.ToString()])),
        null => [],
        _ => [path],
    };

    static readonly IReadOnlyDictionary<string, Type> Choices = new Dictionary<string, Type>(StringComparer.Ordinal)
    {
        ["dataset.name"] = typeof(DatasetName), ["device"] = typeof(DeviceKind), ["precision"] = typeof(Precision), ["shortcut"] = typeof(ResNetShortcut), ["activations"] = typeof(ActivationNoise),
        ["scale"] = typeof(NoiseScale), ["form"] = typeof(DiagonalForm), ["factorStart"] = typeof(FactorStart), ["per"] = typeof(AlphaPer), ["batchNorm"] = typeof(BatchNormMode),
        ["order"] = typeof(LabelOrder), ["variant"] = typeof(DistillationVariant), ["norm"] = typeof(AttackNorm), ["loss"] = typeof(AttackLoss), ["target"] = typeof(AttackTarget),
        ["of"] = typeof(ExpectationOf), ["gradient"] = typeof(StepGradient), ["keep"] = typeof(KeepIterate), ["selection.from"] = typeof(SelectionSet), ["unit"] = typeof(InputNoiseUnit),
        ["checkpoint"] = typeof(ModelCheckpoint), ["sharing"] = typeof(DrawSharing), ["aggregation"] = typeof(Aggregation),
    };

    static IEnumerable<JsonNode> Others(JsonNode leaf, string[] path)
    {
        switch (leaf.GetValueKind())
        {
            case JsonValueKind.True or JsonValueKind.False:
                yield return !leaf.GetValue<bool>();
                break;
            case JsonValueKind.Number:
                yield return JsonNode.Parse(leaf.ToJsonString().Any(c => c is '.' or 'e' or 'E') ? "0.7531" : "97")!;
                break;
            default:
                var text = leaf.GetValue<string>();
                if ((Choices.GetValueOrDefault(path[^1]) ?? Choices.GetValueOrDefault($"{path[^2]}.{path[^1]}")) is { } choice)
                    foreach (var name in Enum.GetNames(choice).Select(JsonNamingPolicy.KebabCaseLower.ConvertName).Where(name => name != text))
                        yield return name;
                else yield return text.Contains('/') ? "91/255" : path[^1] == "sha256" ? new string('b', 64) : text + "x";
                break;
        }
    }

    [Fact]
    public void No_switch_of_the_spec_is_invisible()
    {
        var words = Words(JsonNode.Parse(FullSpec.Text)!);
        var (count, silent) = (0, new HashSet<string>());
        foreach (var (path, changed) in Changes())
        {
            count++;
            if (Words(changed) == words) silent.Add(path);
        }
        silent.ShouldBeEmpty();
        count.ShouldBeGreaterThan(500);
    }

    [Fact]
    public void Every_optional_part_is_said_to_be_absent()
    {
        foreach (var part in new[] { "warmup", "clipNorm", "average", "adversarial", "selection", "inputNoise" })
        {
            var without = JsonNode.Parse(FullSpec.Text)!;
            without["models"]!["cni"]!["weights"]![part] = null;
            Words(without).ShouldNotBe(Words(JsonNode.Parse(FullSpec.Text)!), part);
        }
    }

    /// <summary>Each kind that the spec knows has words, and stands in the sample so that the test above reaches its fields.</summary>
    [Theory]
    [InlineData(typeof(ArchitectureSpec))]
    [InlineData(typeof(NoiseSpec))]
    [InlineData(typeof(WeightsSpec))]
    [InlineData(typeof(OptimizerSpec))]
    [InlineData(typeof(ScheduleSpec))]
    [InlineData(typeof(AttackSpec))]
    [InlineData(typeof(LabelSourceSpec))]
    [InlineData(typeof(SeriesSpec))]
    [InlineData(typeof(ComparisonTestSpec))]
    public void The_sample_holds_every_kind(Type type)
    {
        foreach (var kind in type.GetCustomAttributes(typeof(System.Text.Json.Serialization.JsonDerivedTypeAttribute), false).Cast<System.Text.Json.Serialization.JsonDerivedTypeAttribute>())
            FullSpec.Text.ShouldContain($"\"kind\": \"{kind.TypeDiscriminator}\"", Case.Sensitive, type.Name);
    }
}

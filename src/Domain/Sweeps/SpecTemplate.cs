using System.Text;
using System.Text.Json;
using KdRobust.Domain.Experiments;

namespace KdRobust.Domain.Sweeps;

/// <summary>The base's text, cut where values go: ten thousand specs are put together without being parsed ten thousand times first.</summary>
internal sealed class SpecTemplate
{
    readonly List<string> _pieces = [];
    readonly List<int> _slots = [];

    SpecTemplate()
    {
    }

    /// <summary>Cuts a base.</summary>
    /// <param name="spec">The base.</param>
    /// <param name="slots">For each value, the places it goes to; all exist and none lies in another.</param>
    public static SpecTemplate Of(ExperimentSpec spec, IReadOnlyList<IReadOnlyList<SpecPath>> slots)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(spec, SpecJson.Options);
        var template = new SpecTemplate();
        var at = 0;
        foreach (var (slot, (start, end)) in slots.SelectMany((paths, slot) => paths.Select(path => (slot, Range: path.In(json)))).OrderBy(place => place.Range.Start))
        {
            template._pieces.Add(Encoding.UTF8.GetString(json, at, start - at));
            template._slots.Add(slot);
            at = end;
        }
        template._pieces.Add(Encoding.UTF8.GetString(json, at, json.Length - at));
        return template;
    }

    /// <summary>The spec's text with values put in.</summary>
    /// <param name="values">One JSON text a slot.</param>
    public string With(IReadOnlyList<string> values)
    {
        var text = new StringBuilder(_pieces.Sum(piece => piece.Length) + 64);
        for (var i = 0; i < _slots.Count; i++) text.Append(_pieces[i]).Append(values[_slots[i]]);
        return text.Append(_pieces[^1]).ToString();
    }
}

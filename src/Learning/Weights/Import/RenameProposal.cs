using KdRobust.Domain.Experiments;

namespace KdRobust.Learning.Weights.Import;

/// <summary>
/// Proposes the renames of an import: a prefix that wrappers put before every name (<c>module.</c>), and words that codes use
/// for the same part (the head, the shortcut). A proposal only: it is written into the spec, where a person can see and
/// change it, and whatever it does not make fit is refused by the import.
/// </summary>
internal static class RenameProposal
{
    const int Looked = 64;
    static readonly string[][] Synonyms = [["fc", "linear", "classifier", "head"], ["shortcut", "downsample"]];

    /// <summary>Rules for a file of these names and a network of those, longer prefixes first; none when the names are the network's.</summary>
    public static IReadOnlyList<RenameSpec> Of(IReadOnlyCollection<string> file, IReadOnlyCollection<string> network)
    {
        var wanted = network.ToHashSet(StringComparer.Ordinal);
        var prefix = Prefixes(file).OrderByDescending(candidate => Fitting(file, candidate, wanted)).ThenBy(candidate => candidate.Length).First();
        var inner = file.Where(name => name.StartsWith(prefix, StringComparison.Ordinal)).Select(name => name[prefix.Length..]).ToList();
        var rules = new SortedDictionary<string, string>(LongerFirst);
        foreach (var name in inner.Where(name => !wanted.Contains(name)))
            if (Synonym(name, wanted) is var (from, to)) rules[prefix + from] = to;
        if (prefix.Length > 0) rules[prefix] = "";
        return [.. rules.Select(rule => new RenameSpec { From = rule.Key, To = rule.Value })];
    }

    // The empty prefix and whatever ends with the first or second dot of one of the first names.
    static IEnumerable<string> Prefixes(IEnumerable<string> names) => names.Take(Looked)
        .SelectMany(name => new[] { name.IndexOf('.'), name.IndexOf('.', Math.Max(0, name.IndexOf('.') + 1)) }.Where(dot => dot > 0).Select(dot => name[..(dot + 1)]))
        .Prepend("").Distinct(StringComparer.Ordinal);

    static int Fitting(IEnumerable<string> file, string prefix, HashSet<string> wanted) => file
        .Count(name => name.StartsWith(prefix, StringComparison.Ordinal) && (wanted.Contains(name[prefix.Length..]) || Synonym(name[prefix.Length..], wanted) is not null));

    // The part of a name up to a word that has a synonym with which the network knows the name.
    static (string From, string To)? Synonym(string name, HashSet<string> wanted)
    {
        var words = name.Split('.');
        for (var i = 0; i < words.Length; i++)
        {
            foreach (var other in Synonyms.Where(set => set.Contains(words[i])).SelectMany(set => set))
            {
                if (!wanted.Contains(string.Join('.', [.. words[..i], other, .. words[(i + 1)..]]))) continue;
                return ($"{string.Join('.', words[..(i + 1)])}.", $"{string.Join('.', [.. words[..i], other])}.");
            }
        }
        return null;
    }

    static readonly Comparer<string> LongerFirst = Comparer<string>.Create((a, b) => a.Length != b.Length ? b.Length.CompareTo(a.Length) : string.CompareOrdinal(a, b));
}

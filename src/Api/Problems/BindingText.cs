using System.Text.RegularExpressions;

namespace KdRobust.Api.Problems;

/// <summary>What the framework says of a request that it could not read, in words of this interface: the name, what stood there, what is expected.</summary>
static partial class BindingText
{
    const int Longest = 200;

    /// <summary>The detail of a refusal.</summary>
    /// <param name="refused">What the framework says.</param>
    /// <param name="body">What the endpoint reads as its body.</param>
    public static string Of(BadHttpRequestException refused, BodyShape body)
    {
        if (Unreadable().Match(refused.Message) is { Success: true } unreadable)
            return $"{Name(unreadable)} is '{Cut(unreadable.Groups["value"].Value)}'; expected {Expected(unreadable.Groups["type"].Value)}";
        if (Missing().Match(refused.Message) is { Success: true } missing)
            return missing.Groups["where"].Value == "body" ? body.Missing : $"{Name(missing)} is missing; expected {Expected(missing.Groups["type"].Value)}";
        if (refused.Message.StartsWith("Implicit body", StringComparison.Ordinal)) return body.Missing;
        return refused.StatusCode == StatusCodes.Status400BadRequest ? $"{refused.Message.TrimEnd('.')}; expected a whole HTTP request" : refused.Message;
    }

    static string Name(Match match) => match.Groups["name"].Value is var name ? char.ToLowerInvariant(name[0]) + name[1..] : "";

    static string Expected(string type) => Plain().Match(type).Groups["type"].Value switch
    {
        "int" or "long" or "short" => "a whole number",
        "double" or "float" or "decimal" => "a number",
        "bool" => "true or false",
        "Guid" => "an id, e.g. 0190f3a2-5b7e-7c11-9d53-3a1f6c2f0a77",
        _ => "a value as /docs describes it",
    };

    static string Cut(string text) => text.Length <= Longest ? text : text[..Longest] + "...";

    [GeneratedRegex("^Failed to bind parameter \"(?<type>.+) (?<name>\\w+)\" from \"(?<value>.*)\"\\.$", RegexOptions.Singleline | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Unreadable();

    [GeneratedRegex("^Required parameter \"(?<type>.+) (?<name>\\w+)\" was not provided from (?<where>.+)\\.$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Missing();

    [GeneratedRegex("^(Nullable<)?(?<type>\\w+)", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Plain();
}

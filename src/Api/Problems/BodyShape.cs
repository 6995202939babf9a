using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http.Metadata;

namespace KdRobust.Api.Problems;

/// <summary>The fields of an endpoint's JSON body, for telling what was expected where it is wrong.</summary>
sealed partial class BodyShape
{
    readonly IReadOnlyDictionary<string, string> fields;

    BodyShape(IReadOnlyDictionary<string, string> fields) => this.fields = fields;

    /// <summary>That of the endpoint a request came to; without fields where it reads none.</summary>
    public static BodyShape Of(HttpContext context) => new(
        context.GetEndpoint()?.Metadata.GetMetadata<IAcceptsMetadata>()?.RequestType is { } type
            ? type.GetProperties(BindingFlags.Public | BindingFlags.Instance).ToDictionary(property => JsonNamingPolicy.CamelCase.ConvertName(property.Name), Expected, StringComparer.Ordinal)
            : new Dictionary<string, string>());

    /// <summary>For a request that has none.</summary>
    public string Missing => $"the body is missing; expected {Whole}";

    /// <summary>For one that cannot be read. The exception's own words name our types; its path, its place and the missing names are what the sender can use.</summary>
    public string Wrong(JsonException error)
    {
        const string Lacking = "including: ";
        if (error.Message.IndexOf(Lacking, StringComparison.Ordinal) is > 0 and var at)
            return $"the body lacks {Lacked(error.Message[(at + Lacking.Length)..])}; expected {Whole}";
        var path = Null().Match(error.Message) is { Success: true } member ? $"$.{JsonNamingPolicy.CamelCase.ConvertName(member.Groups["name"].Value)}" : error.Path ?? "$";
        var place = error.LineNumber is { } line ? string.Create(CultureInfo.InvariantCulture, $" (line {line + 1}, byte {error.BytePositionInLine})") : "";
        if (error.Message.Contains("could not be mapped", StringComparison.Ordinal)) return $"the body is wrong at {path}{place}: no such field; expected {Names}";
        return $"the body is wrong at {path}{place}; expected {fields.GetValueOrDefault(path.StartsWith("$.", StringComparison.Ordinal) ? path[2..] : "", Whole)}";
    }

    string Names => string.Join(", ", fields.Keys);

    string Whole => fields.Count == 0 ? "JSON as /docs describes it" : $"an object with {Names}";

    // "'role', 'label'. Path: $ | LineNumber: ..." holds the names first.
    static string Lacked(string text) => string.Join(", ", Quoted().Matches(text).Select(name => name.Value));

    static string Expected(PropertyInfo property)
    {
        var type = Nullable.GetUnderlyingType(property.PropertyType);
        var optional = type is not null || new NullabilityInfoContext().Create(property).WriteState == NullabilityState.Nullable;
        type ??= property.PropertyType;
        var what = type.IsEnum ? $"one of {string.Join(", ", Enum.GetNames(type).Select(JsonNamingPolicy.KebabCaseLower.ConvertName))}"
            : type == typeof(string) ? "text"
            : type == typeof(bool) ? "true or false"
            : type == typeof(int) || type == typeof(long) ? "a whole number"
            : type == typeof(double) ? "a number" : "a value as /docs describes it";
        return optional ? $"{what} or null" : what;
    }

    [GeneratedRegex("(parameter|property or field|property|field) '(?<name>\\w+)' on type .* null", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Null();

    [GeneratedRegex("'\\w+'", RegexOptions.CultureInvariant)]
    private static partial Regex Quoted();
}

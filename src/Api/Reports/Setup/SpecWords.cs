using System.Globalization;
using System.Text.Json;

namespace KdRobust.Api.Reports.Setup;

/// <summary>Small pieces of the setup's sentences.</summary>
static class SpecWords
{
    /// <summary>A choice as the spec writes it, e.g. <c>mean-probability</c>.</summary>
    public static string Kebab<T>(T value) where T : struct, Enum => JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString());

    /// <summary>A number with as many digits as it has.</summary>
    public static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture).Replace('E', 'e');

    /// <summary>Parts that are there, one after the other.</summary>
    public static string Join(string separator, params IEnumerable<string?> parts) => string.Join(separator, parts.Where(p => !string.IsNullOrEmpty(p)));
}

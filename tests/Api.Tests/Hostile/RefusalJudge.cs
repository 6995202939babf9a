using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace KdRobust.Api.Tests.Hostile;

/// <summary>What an answer to a hostile request must be: no fault of ours, and a refusal that says what was expected and shows nothing of the inside.</summary>
static class RefusalJudge
{
    // Of a stack trace, of a query, of the driver, of our types.
    static readonly string[] Inside = ["   at ", "Npgsql", "SELECT ", "INSERT ", "UPDATE ", "Postgres", "System.", "Microsoft.", "KdRobust.", "Exception", "Nullable<", "relation \"", "SqlState", ".cs:line"];

    /// <summary>What is wrong with an answer; null when nothing is.</summary>
    public static async Task<string?> Judge(HttpResponseMessage response, bool hasBody)
    {
        var status = (int)response.StatusCode;
        if (status >= 500) return $"{status}: {await Text(response)}";
        if (status < 400 || !hasBody) return null;
        var text = await Text(response);
        // What HTTP itself does not allow the server refuses without a word, and closes.
        if (text.Length == 0 && response.Headers.ConnectionClose == true && response.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.RequestHeaderFieldsTooLarge or HttpStatusCode.RequestUriTooLong) return null;
        if (response.Content.Headers.ContentType?.MediaType != "application/problem+json") return $"{status} is no problem document: {text}";
        foreach (var word in Inside)
            if (text.Contains(word, StringComparison.Ordinal)) return $"{status} shows its inside ({word.Trim()}): {text}";
        return Problem(status, text);
    }

    static string? Problem(int status, string text)
    {
        JsonNode? problem;
        try
        {
            problem = JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return $"{status} is no JSON: {text}";
        }
        foreach (var member in new[] { "type", "title", "detail" })
            if (problem?[member]?.GetValue<string>() is not { Length: > 0 }) return $"{status} has no {member}: {text}";
        if (problem!["status"]?.GetValue<int>() != status) return $"{status} says another status: {text}";
        if (status is 400 or 415 && !problem["detail"]!.GetValue<string>().Contains("expected", StringComparison.Ordinal)) return $"{status} does not say what was expected: {text}";
        if (problem["errors"] is JsonArray errors && errors.Any(error => error!["path"]!.GetValue<string>().Length == 0 || error["expected"]!.GetValue<string>().Length == 0))
            return $"an error without its field or what was expected: {text}";
        return null;
    }

    static async Task<string> Text(HttpResponseMessage response) => await response.Content.ReadAsStringAsync() is var text && text.Length > 4000 ? text[..4000] : text;
}

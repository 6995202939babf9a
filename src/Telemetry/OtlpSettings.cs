using System.Text.RegularExpressions;

namespace KdRobust.Telemetry;

/// <summary>A variable of telemetry is wrong; the message names it and what is expected, and never holds a secret.</summary>
public sealed class TelemetrySettingException(string message) : Exception(message);

/// <summary>Where logs, traces and metrics are sent by OTLP over HTTP. Nothing is sent unless an endpoint is named.</summary>
public sealed partial record OtlpSettings
{
    /// <summary>Variable of the address to which <c>/v1/logs</c>, <c>/v1/traces</c> and <c>/v1/metrics</c> are appended; Seq's is <c>http://HOST:5341/ingest/otlp</c>.</summary>
    public const string EndpointVariable = "KDR_OTLP_ENDPOINT";

    /// <summary>Variable of the headers of each request, e.g. <c>X-Seq-ApiKey=...</c>; several are separated by commas.</summary>
    public const string HeadersVariable = "KDR_OTLP_HEADERS";

    /// <summary>Variable of a file that holds the headers, one a line, so that a key need not stand in the environment.</summary>
    public const string HeadersFileVariable = "KDR_OTLP_HEADERS_FILE";

    /// <summary>Every variable that is read: they may hold a key, so a process that sends nothing is started without them.</summary>
    public static IReadOnlyList<string> Variables { get; } = [EndpointVariable, HeadersVariable, HeadersFileVariable];

    /// <summary>The address without its last part.</summary>
    public required Uri Endpoint { get; init; }

    /// <summary>Headers as <c>name=value,name=value</c>; empty for none. Usually a secret.</summary>
    public string Headers { get; init; } = "";

    /// <summary>Reads the variables.</summary>
    /// <returns>Null when no endpoint is named.</returns>
    /// <exception cref="TelemetrySettingException">One of them is wrong.</exception>
    public static OtlpSettings? Read(Func<string, string?> environment)
    {
        var (endpoint, headers, file) = (Value(EndpointVariable), Value(HeadersVariable), Value(HeadersFileVariable));
        if (endpoint is null)
        {
            return headers is null && file is null
                ? null
                : throw new TelemetrySettingException($"{(headers is null ? HeadersFileVariable : HeadersVariable)} is set and {EndpointVariable} is not: name the collector too, e.g. http://localhost:5341/ingest/otlp, or unset both");
        }
        if (headers is not null && file is not null)
            throw new TelemetrySettingException($"{HeadersVariable} and {HeadersFileVariable} are both set: leave one of them");
        return new OtlpSettings
        {
            Endpoint = Address(endpoint),
            Headers = file is null ? Checked(HeadersVariable, headers?.Split(',') ?? []) : Checked($"{HeadersFileVariable} {file}", Lines(file)),
        };

        string? Value(string name) => environment(name) is { } text && !string.IsNullOrWhiteSpace(text) ? text.Trim() : null;
    }

    /// <summary>The address one kind of signal goes to.</summary>
    /// <param name="signal">logs, traces or metrics.</param>
    internal Uri Of(string signal) => new($"{Endpoint.AbsoluteUri.TrimEnd('/')}/v1/{signal}");

    static Uri Address(string text)
    {
        // An address with a user or a query would carry a secret into every message about it.
        if (!Uri.TryCreate(text, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https") || address.UserInfo.Length > 0 || address.Query.Length > 0 || address.Fragment.Length > 0)
            throw new TelemetrySettingException($"{EndpointVariable}: expected http:// or https:// with host and path and without user or query, e.g. http://localhost:5341/ingest/otlp; a key goes into {HeadersVariable}");
        return LastPart().IsMatch(address.AbsolutePath)
            ? throw new TelemetrySettingException($"{EndpointVariable} ends in {LastPart().Match(address.AbsolutePath).Value}: leave that away, it is appended for each kind of signal")
            : address;
    }

    static string[] Lines(string file)
    {
        try
        {
            return [.. File.ReadAllLines(file).Where(line => !string.IsNullOrWhiteSpace(line))];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new TelemetrySettingException($"{HeadersFileVariable} {file} cannot be read: {error.Message}");
        }
    }

    static string Checked(string source, string[] headers)
    {
        for (var i = 0; i < headers.Length; i++)
            if (!Header().IsMatch(headers[i].Trim()))
                throw new TelemetrySettingException($"{source}: entry {i + 1} of {headers.Length} is not of the form name=value, e.g. X-Seq-ApiKey=...");
        return string.Join(',', headers.Select(header => header.Trim()));
    }

    [GeneratedRegex("/v1/(logs|traces|metrics)/?$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex LastPart();

    [GeneratedRegex("^[A-Za-z0-9_.-]+=[\\x21-\\x2b\\x2d-\\x7e]([\\x20-\\x2b\\x2d-\\x7e]*[\\x21-\\x2b\\x2d-\\x7e])?$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Header();
}

namespace KdRobust.Api.Tests.Hostile;

/// <summary>Texts, JSON values and headers that no honest client sends.</summary>
static class HostileText
{
    // Words of SQL and of our own code are left out: the judge looks for them in answers.
    static readonly string[] Texts =
    [
        "", " ", "\0", "a\0b", "\u0001\u001b[31m", "line\r\nX-Forged: 1", "%", "%%41", "'", "\"", "'; --", "' OR '1'='1", "$1", "{0}", "{{7*7}}", "${jndi:ldap://x}", "<script>alert(1)</script>", "](x)",
        "../../etc/passwd", @"..\..\windows", "/etc/passwd", "file:///etc/passwd", "..%2f..%2f", ".", "..", "-1", "0", "-0", "1", "2147483648", "-9223372036854775809", "99999999999999999999", "1e309", "1e-400",
        "NaN", "Infinity", "-Infinity", "0x10", "1,2", "1 2", "١٢٣", "null", "true", "TRUE", "[]", "{}", "undefined", "2026-13-45T99:99:99Z", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00",
        "now", "\u202eevil", "\u0130\u00df\ufb01", "\ufeff", "\uffff", "\U0001F4A5", "e\u0301\u0301\u0301", "job:", "experiment:0,job:0", "sweep:00000000-0000-0000-0000-000000000000", "1_2_3", "-1_-1", "_", "00000000-0000-0000-0000-000000000000",
        "{00000000-0000-0000-0000-000000000000}", "-created", "queue", "cpu", "cuda:0", "json", "csv", "png", "checkpoint", "kdr_x", "con", "nul",
    ];

    // As they stand in an address: some are no escapes at all.
    static readonly string[] RawEscapes = ["%zz", "%", "%00", "%ff%fe", "%c0%af", "%ed%a0%80", "%2e%2e%2f", "%25", "+", ";", "a%0d%0ab", "%u0041", "[]", "\\", "|", "^", "`", "%f0%9f%92%a5"];

    static readonly string[] RawJson =
    [
        "null", "true", "0", "-0", "-1", "1.5", "1e400", "-1e400", "1e-400", "99999999999999999999999999", "9007199254740993", "2147483648", "NaN", "Infinity", "-Infinity", "0x1", "01", "1.", ".5", "'x'", "undefined",
        "\"\"", "\"\\u0000\"", "\"\\ud800\"", "\"\\udc00\\ud800\"", "\"\\u202e\\u0007\"", "\"a\\nb\"", "\"a\nb\"", "\"NaN\"", "\"1\"", "\"8/0\"", "\"0/0\"", "\"-8/255\"", "\"999999999999/1\"", "\"../../etc/passwd\"", "\"<script>\"", "\"\\x\"",
        "[]", "[null]", "[[[[]]]]", "{}", "{\"\": 1}", "{\"kind\": \"\"}", "{\"kind\": null}", "{\"kind\": \"train\", \"kind\": \"none\"}", "{\"$ref\": \"#\"}", "{\"$type\": \"x\"}", "{\"__proto__\": {}}", "/* x */ 1", "\"\ud83d\ude00\"",
    ];

    /// <summary>A text; now and then one of three thousand characters.</summary>
    public static string Any(Random random) => random.Next(24) == 0 ? new string(random.Next(2) == 0 ? 'x' : '\u00e9', 3000) : Texts[random.Next(Texts.Length)];

    /// <summary>What stands in an address where a value belongs.</summary>
    public static string InAddress(Random random) => random.Next(5) == 0 ? RawEscapes[random.Next(RawEscapes.Length)] : Uri.EscapeDataString(Any(random));

    /// <summary>What stands in a body where a value belongs; not always JSON.</summary>
    public static string InJson(Random random) => random.Next(30) switch
    {
        0 => $"\"{new string('x', 200_000)}\"",
        1 => new string('[', 300) + new string(']', 300),
        2 => $"[{string.Join(',', Enumerable.Repeat("0", 20_000))}]",
        3 => string.Concat(Enumerable.Repeat("{\"a\":", 200)) + "1" + new string('}', 200),
        4 => new string('9', 5000),
        _ => RawJson[random.Next(RawJson.Length)],
    };

    /// <summary>Headers that are read by this service, each with values it does not expect.</summary>
    public static (string Name, string Value) Header(Random random) => random.Next(11) switch
    {
        0 => ("If-None-Match", Pick(random, "\"", "W/", "*", "\"a\", b", "W/\"\"", ",,,", new string('"', 200))),
        1 => ("Idempotency-Key", Pick(random, "", "with space", "\u00e9", new string('k', 5000), "'", Guid.Empty.ToString(), "%00", "same")),
        2 => ("Range", Pick(random, "bytes=9-1", "bytes=-", "bytes=-0", "bytes=0-99999999999999999999", "bytes=9223372036854775807-", "items=0-5", "bytes=0-0,2-3", "bytes=", "x")),
        3 => ("If-Range", Pick(random, "\"", "W/\"x\"", "x", "Tue, 99 Nov 9999 99:99:99 GMT")),
        4 => ("Accept", Pick(random, ";;;q=9", "text/csv;q=NaN", "*/*;q=-1", "application/xml", "text/event-stream", new string('*', 300))),
        5 => ("Last-Event-ID", Pick(random, "_", "1.2.3_9", "-1_-1", "99999999999999999999_1", new string('.', 5000) + "_", "\u00e9")),
        6 => ("traceparent", Pick(random, "00-0-0-0", "x", "ff-" + new string('f', 32) + "-" + new string('f', 16) + "-ff", "00-" + new string('0', 32) + "-" + new string('0', 16) + "-01")),
        7 => ("X-API-Key", Pick(random, "", "kdr_", "\u00e9", new string('k', 5000))),
        8 => ("Accept-Encoding", Pick(random, "gzip;q=x", "br, , ,", "identity;q=0")),
        9 => ("X-HTTP-Method-Override", "DELETE"),
        _ => ("If-Modified-Since", Pick(random, "x", "Thu, 01 Jan 1970 00:00:00 GMT", "99999999999999999999")),
    };

    static string Pick(Random random, params ReadOnlySpan<string> values) => values[random.Next(values.Length)];
}

using System.Globalization;

namespace KdRobust.Support.Otlp;

/// <summary>Names and values of a resource, a record or a span; numbers as text.</summary>
public sealed class OtlpAttributes : Dictionary<string, string>
{
    internal OtlpAttributes(IEnumerable<ProtobufField> fields, int number)
        : base(StringComparer.Ordinal)
    {
        foreach (var pair in fields.Where(field => field.Number == number))
        {
            var entry = pair.Message.ToList();
            this[entry.First(field => field.Number == 1).Text] = Value(entry.Where(field => field.Number == 2).SelectMany(field => field.Message));
        }
    }

    internal static string Value(IEnumerable<ProtobufField> any) =>
        string.Join(';', any.Select(field => field.Number switch
        {
            1 => field.Text,
            2 => field.Scalar == 0 ? "false" : "true",
            3 => ((long)field.Scalar).ToString(CultureInfo.InvariantCulture),
            4 => field.Double.ToString("R", CultureInfo.InvariantCulture),
            5 => string.Join(',', field.Message.Select(item => Value(item.Message))),
            _ => field.Hex,
        }));
}

/// <summary>A log event.</summary>
/// <param name="Service">Who logged it.</param>
/// <param name="Severity">OpenTelemetry's number: 9 information, 13 warning, 17 error.</param>
/// <param name="Body">The text.</param>
/// <param name="Attributes">Its properties.</param>
/// <param name="TraceId">Hex; empty outside a trace.</param>
public sealed record OtlpLog(string Service, int Severity, string Body, OtlpAttributes Attributes, string TraceId);

/// <summary>A span.</summary>
/// <param name="Service">Whose it is.</param>
/// <param name="TraceId">Hex.</param>
/// <param name="Id">Hex.</param>
/// <param name="ParentId">Hex; empty for a root.</param>
/// <param name="Name">What was done.</param>
/// <param name="Kind">OpenTelemetry's number: 1 internal, 2 server, 3 client, 5 consumer.</param>
/// <param name="Start">Nanoseconds since 1970.</param>
/// <param name="End">Nanoseconds since 1970.</param>
/// <param name="Attributes">Its tags.</param>
public sealed record OtlpSpan(string Service, string TraceId, string Id, string ParentId, string Name, int Kind, ulong Start, ulong End, OtlpAttributes Attributes);

/// <summary>A point of a metric: its number, or for a histogram the count.</summary>
public sealed record OtlpPoint(string Service, string Metric, string Unit, double Value, OtlpAttributes Attributes);

/// <summary>Decodes the bodies of OTLP requests (opentelemetry-proto 1.x: the same shape for each signal).</summary>
static class OtlpSignals
{
    internal static IEnumerable<OtlpLog> Logs(byte[] body) =>
        from record in Records(body)
        let fields = record.Item.Message.ToList()
        select new OtlpLog(
            record.Service, (int)Scalar(fields, 2), OtlpAttributes.Value(fields.Where(field => field.Number == 5).SelectMany(field => field.Message)),
            new OtlpAttributes(fields, 6), Hex(fields, 9));

    internal static IEnumerable<OtlpSpan> Spans(byte[] body) =>
        from record in Records(body)
        let fields = record.Item.Message.ToList()
        select new OtlpSpan(
            record.Service, Hex(fields, 1), Hex(fields, 2), Hex(fields, 4), fields.FirstOrDefault(field => field.Number == 5).Text,
            (int)Scalar(fields, 6), Scalar(fields, 7), Scalar(fields, 8), new OtlpAttributes(fields, 9));

    internal static IEnumerable<OtlpPoint> Points(byte[] body)
    {
        foreach (var (service, item) in Records(body))
        {
            var fields = item.Message.ToList();
            var (name, unit) = (fields.First(field => field.Number == 1).Text, fields.FirstOrDefault(field => field.Number == 3).Text);
            // Gauge 5 and sum 7 hold numbers, histogram 9 a count.
            foreach (var data in fields.Where(field => field.Number is 5 or 7 or 9))
            {
                foreach (var point in data.Message.Where(field => field.Number == 1).Select(field => field.Message.ToList()))
                {
                    var value = data.Number == 9
                        ? Scalar(point, 4)
                        : point.Any(field => field.Number == 4) ? point.First(field => field.Number == 4).Double : (long)Scalar(point, 6);
                    yield return new OtlpPoint(service, name, unit, value, new OtlpAttributes(point, data.Number == 9 ? 9 : 7));
                }
            }
        }
    }

    /// <summary>request.resource_xxx[1] -> resource [1], scope_xxx[2] -> item [2].</summary>
    static IEnumerable<(string Service, ProtobufField Item)> Records(byte[] body) =>
        from resource in ProtobufField.Read(body).Where(field => field.Number == 1)
        let parts = resource.Message.ToList()
        let service = new OtlpAttributes(parts.Where(part => part.Number == 1).SelectMany(part => part.Message), 1).GetValueOrDefault("service.name", "")
        from scope in parts.Where(part => part.Number == 2)
        from item in scope.Message.Where(field => field.Number == 2)
        select (service, item);

    static ulong Scalar(List<ProtobufField> fields, int number) => fields.FirstOrDefault(field => field.Number == number).Scalar;

    static string Hex(List<ProtobufField> fields, int number) => fields.FirstOrDefault(field => field.Number == number).Hex;
}

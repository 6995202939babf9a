using System.Globalization;
using System.Text;
using System.Text.Json;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Reports;

namespace KdRobust.Api.Reports;

/// <summary>A figure's points, one a line; RFC 4180. y in per cent of the measure, x as the axis says.</summary>
static class FigureCsv
{
    public static string Write(ReportFigure figure)
    {
        var text = new StringBuilder("panel,series,axis,measure,x,y,lower,upper,n\r\n");
        foreach (var panel in figure.Panels)
            foreach (var series in panel.Series)
                foreach (var point in series.Points)
                    text.AppendJoin(',', CsvReport.Field(panel.Title), CsvReport.Field(series.Label), Word(panel.XAxis), Word(panel.YAxis),
                        Number(point.X), Number(point.Y), Number(point.Lower), Number(point.Upper), point.Images.ToString(CultureInfo.InvariantCulture)).Append("\r\n");
        return text.ToString();
    }

    static string Word<T>(T value) => JsonSerializer.Serialize(value, SpecJson.Options).Trim('"');

    static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}

using Serilog;
using Serilog.Configuration;
using Serilog.Core;
using Serilog.Events;
using Serilog.Formatting.Json;

namespace KdRobust.Telemetry;

/// <summary>Log events as JSON lines in rolling files.</summary>
public static class LogFile
{
    /// <summary>Writes to files of a day each, and a new one where a day's is full. A disk that takes no more costs the lines that do not fit, never the program.</summary>
    /// <param name="to">Where events go.</param>
    /// <param name="path">Path to which the day is added before the extension.</param>
    /// <param name="largest">Bytes of one file.</param>
    /// <param name="kept">So many files stay.</param>
    public static LoggerConfiguration JsonFile(this LoggerSinkConfiguration to, string path, long largest, int kept) =>
        LoggerSinkConfiguration.Wrap(
            to, file => new ToTheLastLine(file),
            wrapped => wrapped.File(
                new JsonFormatter(renderMessage: true), path, rollingInterval: RollingInterval.Day, fileSizeLimitBytes: largest, rollOnFileSizeLimit: true, retainedFileCountLimit: kept),
            LevelAlias.Minimum, null);

    /// <summary>
    /// A file that could not write a line tries it again when it is closed. The logger passes over the one and not over the other,
    /// which would end a program that has done all its work with an error.
    /// </summary>
    internal sealed class ToTheLastLine(ILogEventSink file) : ILogEventSink, IDisposable
    {
        public void Emit(LogEvent logEvent) => file.Emit(logEvent);

        public void Dispose()
        {
            try
            {
                (file as IDisposable)?.Dispose();
            }
            catch (IOException error)
            {
                Console.Error.WriteLine($"the last lines of the log are on the console only: {error.Message}");
            }
        }
    }
}

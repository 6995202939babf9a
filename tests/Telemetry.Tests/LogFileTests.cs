using Serilog;
using Serilog.Core;
using Serilog.Events;

namespace KdRobust.Telemetry.Tests;

public sealed class LogFileTests : IDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("kdr-log-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Events_are_JSON_lines_with_their_properties()
    {
        using (var log = new LoggerConfiguration().WriteTo.JsonFile(Path.Combine(folder, "log-.json"), 1 << 20, 3).CreateLogger())
            log.Information("{Job} took {Seconds} s", "train net", 3);
        var line = File.ReadAllLines(Directory.GetFiles(folder).ShouldHaveSingleItem()).ShouldHaveSingleItem();
        line.ShouldContain("\"Job\":\"train net\"");
        line.ShouldContain("\"RenderedMessage\":\"\\\"train net\\\" took 3 s\"");
    }

    [Fact]
    public void A_file_that_is_full_is_followed_by_another_and_the_oldest_go()
    {
        using (var log = new LoggerConfiguration().WriteTo.JsonFile(Path.Combine(folder, "log-.json"), 1000, 3).CreateLogger())
            for (var i = 0; i < 100; i++)
                log.Information("line {Number}", i);
        Directory.GetFiles(folder).Length.ShouldBe(3);
    }

    [Fact]
    public void A_file_that_cannot_be_closed_for_want_of_room_ends_no_program_and_other_faults_do()
    {
        Should.NotThrow(new LogFile.ToTheLastLine(new Closing(new IOException("No space left on device"))).Dispose);
        Should.Throw<InvalidOperationException>(new LogFile.ToTheLastLine(new Closing(new InvalidOperationException("a bug"))).Dispose);
    }

    sealed class Closing(Exception error) : ILogEventSink, IDisposable
    {
        public void Emit(LogEvent logEvent)
        {
            // Takes everything.
        }

        public void Dispose() => throw error;
    }
}

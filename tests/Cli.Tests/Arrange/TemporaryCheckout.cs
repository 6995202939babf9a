using KdRobust.Cli.Local;

namespace KdRobust.Cli.Tests.Arrange;

/// <summary>A checkout of a test's own: nothing of it is left afterwards, the database files neither.</summary>
public sealed class TemporaryCheckout : IDisposable
{
    public TemporaryCheckout()
    {
        Folders = new LocalFolders(Directory.CreateTempSubdirectory("kdr-checkout-").FullName);
        // As ./kdr's user would have it: PostgreSQL's user must be able to pass.
        File.SetUnixFileMode(Folders.Root, (UnixFileMode)0b111_101_101);
    }

    internal LocalFolders Folders { get; }

    public void Dispose()
    {
        if (ServiceRecord.Left(Folders) is { } record)
        {
            record.Host.Signal(record.Host == ProcessIdentity.Ours ? 0 : UnixSignal.Kill);
            foreach (var (_, process) in record.Processes) process.Signal(UnixSignal.Kill);
        }
        foreach (var folder in new[] { Folders.Root, Folders.Postgres })
            if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
    }
}

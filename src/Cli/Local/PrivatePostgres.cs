using System.Globalization;

namespace KdRobust.Cli.Local;

/// <summary>
/// A PostgreSQL of this checkout's own: made once, reached only over a Unix socket in a folder nobody else may enter (so it
/// needs no password and takes no port), with PostgreSQL's durable settings as they come (fsync, synchronous_commit and
/// full_page_writes on).
/// </summary>
sealed class PrivatePostgres(PostgresPrograms programs, string home, string logFolder)
{
    const string Owner = "kdrobust";
    const int SocketNumber = 5432;
    const long LeastFreeBytes = 512L << 20;

    // A socket's path holds at most 107 bytes; its file name takes 15 of them.
    const int LongestSocketFolder = 90;

    string Data => Path.Combine(home, "data");

    /// <summary>Folder of the socket.</summary>
    public string SocketFolder => Path.Combine(home, "socket") is { Length: <= LongestSocketFolder } inside
        ? inside
        : Path.Combine("/tmp", $"kdr-pg-{LocalFolders.Hash(home)}");

    /// <summary>Npgsql's connection string to the service's database.</summary>
    public string ConnectionString => $"Host={SocketFolder};Port={SocketNumber};Username={Owner};Database={Owner}";

    /// <summary>True when the files exist.</summary>
    public bool Exists => File.Exists(Path.Combine(Data, "PG_VERSION"));

    /// <summary>Makes the files if there are none, then starts the server; returns when it takes connections.</summary>
    /// <exception cref="CommandFailedException">It cannot be made or started: the message says why and what to do.</exception>
    public async Task<ChildService> Start(CancellationToken cancellation)
    {
        await MakeFolders();
        if (!Exists) await Create();
        await CheckVersion();
        await EndLeftover();

        var server = await ChildService.Start(
            "postgres", logFolder, Path.Combine(programs.Folder, "postgres"),
            ["-D", Data, "-k", SocketFolder, "-p", SocketNumber.ToString(CultureInfo.InvariantCulture), "-c", "listen_addresses=", "-c", "unix_socket_permissions=0700", "-c", "logging_collector=off"],
            new Dictionary<string, string?> { ["LC_ALL"] = "C" }, UnixSignal.Interrupt, programs.User);
        while (!Ready(server.Identity.Id))
        {
            if (server.Ended.IsCompleted)
            {
                var why = Reason(server.Tail);
                await server.DisposeAsync();
                throw new CommandFailedException(ExitCode.Failed, $"PostgreSQL does not start: {why} (log: {Path.Combine(logFolder, "postgres.log")})");
            }
            try
            {
                await Task.Delay(20, cancellation);
            }
            catch (OperationCanceledException)
            {
                await server.Stop(UnixSignal.Interrupt, TimeSpan.FromSeconds(5));
                throw;
            }
        }
        return server;
    }

    /// <summary>Fast shutdown: open transactions are rolled back, everything committed is on disk.</summary>
    public static async Task Stop(ChildService server)
    {
        server.Identity.Signal(UnixSignal.Interrupt);
        if (await Task.WhenAny(server.Ended, Task.Delay(TimeSpan.FromSeconds(2.5))) != server.Ended)
            await server.Stop(UnixSignal.Quit, TimeSpan.FromSeconds(1)); // As a crash: it recovers at the next start.
    }

    async Task MakeFolders()
    {
        if (programs.User is null)
        {
            LocalFolders.MakePrivate(home);
            LocalFolders.MakePrivate(SocketFolder);
        }
        else
        {
            // The parents stay open to be entered; the folders themselves belong to the server's user alone.
            foreach (var folder in (string[])[home, SocketFolder])
                await RunAsRoot("install", ["-d", "-m", "0700", "-o", programs.User, "-g", SystemUser.GroupOf(programs.User), folder]);
        }
        var free = new DriveInfo(home).AvailableFreeSpace;
        if (free < LeastFreeBytes)
            throw new CommandFailedException(ExitCode.Failed, $"the disk of {home} is full: {free >> 20} MiB are free, the database needs {LeastFreeBytes >> 20} MiB. Free some space, then try again");
    }

    async Task Create()
    {
        // Made aside and renamed whole, so that an interrupted start leaves nothing half made behind.
        var aside = Data + ".new";
        if (Directory.Exists(aside)) Directory.Delete(aside, recursive: true);
        var (code, said) = await programs.Run("initdb", ["-D", aside, "-U", Owner, "--auth-local=trust", "--auth-host=reject", "-E", "UTF8", "--no-locale", "--data-checksums"]);
        if (code != 0) throw new CommandFailedException(ExitCode.Failed, $"the database cannot be made in {home}: {Reason(said.Split('\n'))}");
        (code, said) = await programs.Run("postgres", ["--single", "-D", aside, "template1"], $"CREATE DATABASE {Owner};\n");
        if (code != 0 || said.Contains("ERROR", StringComparison.Ordinal))
            throw new CommandFailedException(ExitCode.Failed, $"the database cannot be made in {home}: {Reason(said.Split('\n'))}");
        Directory.Move(aside, Data);
    }

    async Task CheckVersion()
    {
        var made = (await File.ReadAllTextAsync(Path.Combine(Data, "PG_VERSION"))).Trim();
        var found = await programs.MajorVersion();
        if (found < PostgresPrograms.OldestVersion)
            throw new CommandFailedException(ExitCode.Failed, $"{programs.Folder} holds PostgreSQL {found}; {PostgresPrograms.OldestVersion} or newer is needed: {PostgresPrograms.HowToInstall}");
        if (made != found.ToString(CultureInfo.InvariantCulture))
            throw new CommandFailedException(ExitCode.Failed, $"the database in {Data} was made by PostgreSQL {made}, and {programs.Folder} holds {found}: install PostgreSQL {made} beside it and set PGBIN=/usr/lib/postgresql/{made}/bin, or move {Data} away to begin with an empty one");
    }

    /// <summary>A server of ours that was told to end when its owner died may still be at it.</summary>
    async Task EndLeftover()
    {
        if (Postmaster() is not { } running || !Serves(running.Id)) return;
        if (await running.Gone(TimeSpan.FromSeconds(5))) return;
        running.Signal(UnixSignal.Interrupt);
        if (!await running.Gone(TimeSpan.FromSeconds(5)))
            throw new CommandFailedException(ExitCode.Failed, $"another PostgreSQL (process {running.Id}) uses {Data} and does not end: stop it, then try again");
    }

    ProcessIdentity? Postmaster() =>
        Lock() is [var first, ..] && int.TryParse(first, CultureInfo.InvariantCulture, out var id) ? ProcessIdentity.Of(id) : null;

    bool Serves(int process)
    {
        var commandLine = $"/proc/{process}/cmdline";
        return File.Exists(commandLine) && File.ReadAllText(commandLine).Contains(Data, StringComparison.Ordinal);
    }

    /// <summary>The eighth line of the lock file says when the server takes connections.</summary>
    bool Ready(int server) =>
        Lock() is { Length: >= 8 } lines && lines[0].Trim() == server.ToString(CultureInfo.InvariantCulture) && lines[7].Trim() == "ready";

    string[] Lock()
    {
        try
        {
            return File.ReadAllLines(Path.Combine(Data, "postmaster.pid"));
        }
        catch (IOException)
        {
            return [];
        }
    }

    static string Reason(IReadOnlyList<string> said)
    {
        var text = string.Join(' ', said);
        if (text.Contains("No space left on device", StringComparison.Ordinal)) return "the disk is full. Free some space, then try again";
        return said.LastOrDefault(line => line.Contains("FATAL", StringComparison.Ordinal) || line.Contains("PANIC", StringComparison.Ordinal) || line.Contains("error", StringComparison.OrdinalIgnoreCase))
            ?? said.LastOrDefault() ?? "it said nothing";
    }

    static async Task RunAsRoot(string program, IReadOnlyList<string> arguments)
    {
        using var process = await ChildLauncher.Start(program, arguments, new Dictionary<string, string?>(), UnixSignal.Terminate);
        var error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0) throw new CommandFailedException(ExitCode.Failed, error.Trim());
    }
}

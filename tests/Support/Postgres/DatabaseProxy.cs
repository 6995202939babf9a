using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace KdRobust.Support;

/// <summary>
/// A network between a program and its database: a loopback port that passes bytes on to the server, and can cut every
/// connection, refuse new ones, swallow everything without a word, or slow it down.
/// </summary>
public sealed class DatabaseProxy : IAsyncDisposable
{
    readonly TcpListener listener = new(IPAddress.Loopback, 0);
    readonly NpgsqlConnectionStringBuilder target;
    readonly CancellationTokenSource ending = new();
    readonly HashSet<Link> links = [];
    readonly Task accepting;
    TaskCompletionSource open = Opened();
    volatile bool refusing;
    TimeSpan delay;

    DatabaseProxy(string connectionString)
    {
        target = new NpgsqlConnectionStringBuilder(connectionString);
        listener.Start();
        ConnectionString = new NpgsqlConnectionStringBuilder(connectionString) { Host = "127.0.0.1", Port = ((IPEndPoint)listener.LocalEndpoint).Port }.ConnectionString;
        accepting = Accept();
    }

    /// <summary>The database as it is reached through here.</summary>
    public string ConnectionString { get; }

    /// <summary>Connections there have been.</summary>
    public int Accepted { get; private set; }

    /// <summary>Begins to pass on.</summary>
    /// <param name="connectionString">The database itself.</param>
    public static DatabaseProxy Start(string connectionString) => new(connectionString);

    /// <summary>Ends every connection there is; new ones are taken at once.</summary>
    /// <returns>How many.</returns>
    public int Cut()
    {
        Link[] now;
        lock (links)
            now = [.. links];
        foreach (var link in now)
            link.Dispose();
        return now.Length;
    }

    /// <summary>Takes no new connections until <see cref="Heal"/>.</summary>
    public void Refuse() => refusing = true;

    /// <summary>Swallows: connections stay, new ones are taken, and nothing comes through until <see cref="Heal"/>.</summary>
    public void Swallow()
    {
        if (open.Task.IsCompleted)
            open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>Lets each piece of data wait before it is passed on.</summary>
    public void SlowDown(TimeSpan by) => delay = by;

    /// <summary>As it was at first. What was swallowed arrives now.</summary>
    public void Heal()
    {
        refusing = false;
        delay = TimeSpan.Zero;
        open.TrySetResult();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        listener.Dispose();
        Heal();
        Cut();
        await accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        ending.Dispose();
    }

    async Task Accept()
    {
        while (!ending.IsCancellationRequested)
        {
            var client = await listener.AcceptSocketAsync(ending.Token);
            Accepted++;
            if (refusing)
                client.Dispose();
            else
                _ = Serve(client);
        }
    }

    async Task Serve(Socket client)
    {
        try
        {
            using var link = new Link(client, await Connect());
            lock (links)
                links.Add(link);
            try
            {
                await Task.WhenAny(Pass(link.Client, link.Server), Pass(link.Server, link.Client));
            }
            finally
            {
                lock (links)
                    links.Remove(link);
            }
        }
        catch (SocketException)
        {
            client.Dispose(); // The server is down: so is this connection.
        }
    }

    async Task Pass(Socket from, Socket to)
    {
        var buffer = new byte[64 << 10];
        try
        {
            while (await from.ReceiveAsync(buffer) is > 0 and var length)
            {
                await open.Task;
                if (delay > TimeSpan.Zero)
                    await Task.Delay(delay);
                for (var sent = 0; sent < length;)
                    sent += await to.SendAsync(buffer.AsMemory(sent, length - sent));
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // Cut.
        }
    }

    async Task<Socket> Connect()
    {
        var host = target.Host!;
        var unix = host.StartsWith('/');
        var socket = new Socket(unix ? AddressFamily.Unix : AddressFamily.InterNetwork, SocketType.Stream, unix ? ProtocolType.Unspecified : ProtocolType.Tcp);
        try
        {
            if (unix)
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(Path.Combine(host, $".s.PGSQL.{target.Port}")));
            else
                await socket.ConnectAsync(host, target.Port);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    static TaskCompletionSource Opened()
    {
        var opened = new TaskCompletionSource();
        opened.SetResult();
        return opened;
    }

    sealed class Link(Socket client, Socket server) : IDisposable
    {
        int ended;

        internal Socket Client => client;
        internal Socket Server => server;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref ended, 1) == 1)
                return;
            // A reset rather than a polite end: that is what a network does.
            client.LingerState = new LingerOption(true, 0);
            client.Dispose();
            server.Dispose();
        }
    }
}

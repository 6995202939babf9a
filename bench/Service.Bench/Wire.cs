using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace KdRobust.Service.Bench;

/// <summary>
/// One kept connection that sends a request and reads its whole answer. The machine measures itself, so what asks must cost
/// little: this is to HttpClient what pgbench is to a program.
/// </summary>
sealed class Wire : IDisposable
{
    readonly Socket socket;
    readonly string head;
    byte[] buffer = new byte[64 << 10];
    int filled;

    Wire(Socket socket, string head) => (this.socket, this.head) = (socket, head);

    /// <summary>Connects.</summary>
    /// <param name="address">Whom.</param>
    /// <param name="key">Sent with every request; null for none.</param>
    public static async Task<Wire> Connect(Uri address, string? key)
    {
        var connected = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await connected.ConnectAsync(address.Host, address.Port);
        return new Wire(connected, $"Host: {address.Authority}\r\n" + (key is null ? "" : $"Authorization: Bearer {key}\r\n"));
    }

    /// <summary>A request as it goes over the wire, made once where it is sent often.</summary>
    public byte[] Request(string method, string target, string? json = null)
    {
        var body = json is null ? [] : Encoding.UTF8.GetBytes(json);
        var lines = json is null ? "" : string.Create(CultureInfo.InvariantCulture, $"Content-Type: application/json\r\nContent-Length: {body.Length}\r\n");
        return [.. Encoding.ASCII.GetBytes($"{method} {target} HTTP/1.1\r\n{head}{lines}\r\n"), .. body];
    }

    /// <summary>Sends a request and reads the answer.</summary>
    /// <returns>Status and body; the body is valid until the next request.</returns>
    public async Task<(int Status, ReadOnlyMemory<byte> Body)> Send(byte[] request)
    {
        await socket.SendAsync(request);
        filled = 0;
        int end;
        while ((end = buffer.AsSpan(0, filled).IndexOf("\r\n\r\n"u8)) < 0) await Fill();
        var lines = Encoding.ASCII.GetString(buffer, 0, end).Split("\r\n");
        var status = int.Parse(lines[0].AsSpan(9, 3), CultureInfo.InvariantCulture);
        var start = end + 4;
        if (Header(lines, "Content-Length") is { } length)
        {
            var size = int.Parse(length, CultureInfo.InvariantCulture);
            while (filled < start + size) await Fill();
            return (status, buffer.AsMemory(start, size));
        }
        if (Header(lines, "Transfer-Encoding") is null) return (status, default);
        var body = new MemoryStream();
        for (var at = start; ;)
        {
            int line;
            while ((line = buffer.AsSpan(at, filled - at).IndexOf("\r\n"u8)) < 0) await Fill();
            var size = int.Parse(Encoding.ASCII.GetString(buffer, at, line), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            at += line + 2;
            while (filled < at + size + 2) await Fill();
            if (size == 0) return (status, body.GetBuffer().AsMemory(0, (int)body.Length));
            body.Write(buffer, at, size);
            at += size + 2;
        }
    }

    /// <summary>Sends a request that must be answered with one of these, else says what came.</summary>
    public async Task<string> Text(byte[] request, params int[] expected)
    {
        var (status, body) = await Send(request);
        var text = Encoding.UTF8.GetString(body.Span);
        return expected.Contains(status) ? text : throw new InvalidOperationException($"answered {status}: {text[..Math.Min(text.Length, 600)]}");
    }

    /// <inheritdoc/>
    public void Dispose() => socket.Dispose();

    async Task Fill()
    {
        if (filled == buffer.Length) Array.Resize(ref buffer, buffer.Length * 2);
        var read = await socket.ReceiveAsync(buffer.AsMemory(filled));
        if (read == 0) throw new EndOfStreamException("the other side closed the connection in the middle of an answer");
        filled += read;
    }

    static string? Header(string[] lines, string name) =>
        lines.FirstOrDefault(line => line.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase))?[(name.Length + 1)..].Trim();
}

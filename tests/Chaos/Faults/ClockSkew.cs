using System.Globalization;
using KdRobust.Support;

namespace KdRobust.Chaos.Faults;

/// <summary>A wall clock that is wrong in one program: a small library of ours put before the C library's clock.</summary>
public sealed class ClockSkew
{
    readonly string? library;

    ClockSkew(string? library, string? missing) => (this.library, Missing) = (library, missing);

    /// <summary>Why no clock can be set wrong here; null when one can.</summary>
    public string? Missing { get; }

    /// <summary>Compiles the library into a folder.</summary>
    public static async Task<ClockSkew> Build(string folder)
    {
        var file = Path.Combine(folder, "skew.so");
        try
        {
            var made = await ChildProcess.Run("cc", ["-shared", "-fPIC", "-O1", "-o", file, Path.Combine(AppContext.BaseDirectory, "Faults", "skew.c")]);
            return made.ExitCode == 0 ? new ClockSkew(file, null) : new ClockSkew(null, $"the library that sets a clock wrong does not compile: {made.Text.Trim()}");
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return new ClockSkew(null, "no C compiler (cc), which builds what sets one program's clock wrong: apt-get install gcc");
        }
    }

    /// <summary>The variables of a program whose wall clock is wrong by so much.</summary>
    public IReadOnlyDictionary<string, string?> Variables(TimeSpan by) =>
        library is null || by == TimeSpan.Zero
            ? new Dictionary<string, string?>()
            : new Dictionary<string, string?> { ["LD_PRELOAD"] = library, ["KDR_SKEW_SECONDS"] = ((long)by.TotalSeconds).ToString(CultureInfo.InvariantCulture) };
}

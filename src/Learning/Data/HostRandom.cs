namespace KdRobust.Learning.Data;

/// <summary>
/// SplitMix64 (Steele, Lea and Flood 2014) for the few numbers drawn on the host: permutations, crops, synthetic images.
/// Its stream is fixed by arithmetic alone, so neither a libtorch version nor a device changes the order of the data.
/// </summary>
internal struct HostRandom(ulong seed)
{
    ulong _state = seed;

    /// <summary>The next 64 bits.</summary>
    public ulong Next()
    {
        _state += 0x9E3779B97F4A7C15UL;
        var z = _state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }

    /// <summary>Uniform in 0 .. <paramref name="bound"/> - 1, without bias (Lemire 2019).</summary>
    public int Below(int bound)
    {
        var limit = (ulong)bound;
        var high = Math.BigMul(Next(), limit, out var low);
        if (low < limit)
        {
            var threshold = (0 - limit) % limit;
            while (low < threshold) high = Math.BigMul(Next(), limit, out low);
        }
        return (int)high;
    }

    /// <summary>Uniform in <paramref name="from"/> .. <paramref name="to"/>, both included.</summary>
    public int Between(int from, int to) => from + Below(to - from + 1);
}

using KdRobust.Domain.Jobs;

namespace KdRobust.Learning.Data;

/// <summary>
/// CIFAR-shaped images made by a procedure: one of ten shapes or textures in random colours, place and size on a tilted
/// background with pixel noise. Image i of a split is a function of (split, i) alone, its class is i mod 10, and only
/// integer arithmetic is used, so every machine makes the same bytes. Raise the version in the data set catalog when
/// a byte changes.
/// </summary>
internal static class SyntheticImages
{
    const int Contrast = 72;
    const int Noise = 14;
    const int Tilt = 24;

    /// <summary>The first <paramref name="count"/> images of <paramref name="split"/>.</summary>
    public static LabelledImages Make(DataSplit split, int count)
    {
        var images = new LabelledImages(new byte[count * LabelledImages.ImageBytes], new byte[count]);
        for (var i = 0; i < count; i++)
        {
            images.Labels[i] = (byte)(i % LabelledImages.Classes);
            Draw(split, i, images.Pixels.AsSpan(i * LabelledImages.ImageBytes, LabelledImages.ImageBytes));
        }
        return images;
    }

    static void Draw(DataSplit split, int index, Span<byte> image)
    {
        // Scrambled once, so that neighbouring indices do not share the start of a stream.
        var scramble = new HostRandom(((ulong)split << 32) | (uint)index);
        var random = new HostRandom(scramble.Next());
        var shape = new Shape(index % LabelledImages.Classes, ref random);
        Span<int> background = stackalloc int[3], foreground = stackalloc int[3];
        Colours(ref random, background, foreground);
        int tiltX = random.Between(-Tilt, Tilt), tiltY = random.Between(-Tilt, Tilt);

        const int side = LabelledImages.Side;
        for (var y = 0; y < side; y++)
        for (var x = 0; x < side; x++)
        {
            var inside = shape.Covers(x, y);
            var shade = ((tiltX * (2 * x - side)) + (tiltY * (2 * y - side))) / (2 * side);
            for (var c = 0; c < LabelledImages.Channels; c++)
            {
                var value = (inside ? foreground[c] : background[c]) + shade + random.Between(-Noise, Noise);
                image[(c * side * side) + (y * side) + x] = (byte)Math.Clamp(value, 0, 255);
            }
        }
    }

    // Two colours that differ by at least Contrast on average over the channels, drawn until they do.
    static void Colours(ref HostRandom random, Span<int> background, Span<int> foreground)
    {
        int distance;
        do
        {
            distance = 0;
            for (var c = 0; c < LabelledImages.Channels; c++)
            {
                background[c] = random.Between(24, 231);
                foreground[c] = random.Between(24, 231);
                distance += Math.Abs(background[c] - foreground[c]);
            }
        } while (distance < Contrast * LabelledImages.Channels);
    }

    /// <summary>Which pixels are foreground. Every class looks the same in a mirror, so that flipping keeps the label.</summary>
    readonly struct Shape
    {
        readonly int _kind, _x, _y, _radius, _period, _phase;

        public Shape(int kind, ref HostRandom random)
        {
            _kind = kind;
            _x = random.Between(11, 20);
            _y = random.Between(11, 20);
            _radius = random.Between(7, 11);
            _period = random.Between(4, 8);
            _phase = random.Below(_period);
        }

        public bool Covers(int x, int y)
        {
            int u = x - _x, v = y - _y, r = _radius, far = Math.Max(Math.Abs(u), Math.Abs(v)), square = (u * u) + (v * v);
            return _kind switch
            {
                0 => square <= r * r,
                1 => square <= r * r && 9 * square >= 4 * r * r,
                2 => 8 * far <= 7 * r,
                3 => far <= r && 3 * far >= 2 * r,
                4 => far <= r && Math.Min(Math.Abs(u), Math.Abs(v)) * 4 <= r,
                5 => far <= r && Math.Abs(Math.Abs(u) - Math.Abs(v)) * 3 <= r,
                6 => Half(y),
                7 => Half(x),
                8 => Half(x) != Half(y),
                _ => Math.Abs(v) <= r && 2 * Math.Abs(u) <= v + r,
            };
        }

        bool Half(int at) => 2 * ((at + _phase) % _period) < _period;
    }
}

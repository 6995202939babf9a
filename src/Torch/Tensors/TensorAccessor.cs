using System.Collections;

namespace TorchSharp.Utils;

/// <summary>The elements of a CPU tensor, counted in row-major order whatever its strides are.</summary>
public sealed class TensorAccessor<T> : IEnumerable<T>, IDisposable where T : unmanaged
{
    private readonly torch.Tensor tensor;

    internal TensorAccessor(torch.Tensor tensor)
    {
        if (tensor.device_type != DeviceType.CPU)
            throw new InvalidOperationException($"The data of a tensor on {tensor.device} cannot be read from the CPU; call cpu() first.");
        this.tensor = tensor;
    }

    /// <summary>The number of elements.</summary>
    public long Count => tensor.numel();

    /// <summary>One element by its index in every dimension, or in a one-dimensional tensor by its place.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There are not as many indices as dimensions, or one is outside its extent.</exception>
    public unsafe T this[params long[] indices]
    {
        get
        {
            var value = *Address(indices);
            GC.KeepAlive(tensor);
            return value;
        }
        set
        {
            *Address(indices) = value;
            GC.KeepAlive(tensor);
        }
    }

    /// <summary>A copy of all elements.</summary>
    public T[] ToArray()
    {
        var array = new T[Count];
        tensor.CopyTo(array.AsSpan());
        return array;
    }

    /// <summary>Copies the elements from <paramref name="tensorIndex"/> on, as many as there is room for.</summary>
    public void CopyTo(T[] array, int arrayIndex = 0, long tensorIndex = 0) => CopyTo(array.AsSpan(), arrayIndex, tensorIndex);

    /// <inheritdoc cref="CopyTo(T[], int, long)"/>
    public void CopyTo(Span<T> array, int arrayIndex = 0, long tensorIndex = 0)
    {
        var target = array[arrayIndex..];
        if (tensorIndex == 0 && target.Length == Count)
        {
            tensor.CopyTo(target);
            return;
        }

        var count = (int)Math.Min(target.Length, Count - tensorIndex);
        ToArray().AsSpan((int)tensorIndex, count).CopyTo(target);
    }

    /// <summary>Sets the elements from <paramref name="tensorIndex"/> on, as many as the array has from <paramref name="arrayIndex"/> on.</summary>
    public void CopyFrom(T[] array, int arrayIndex = 0, long tensorIndex = 0) => CopyFrom((ReadOnlySpan<T>)array, arrayIndex, tensorIndex);

    /// <inheritdoc cref="CopyFrom(T[], int, long)"/>
    public void CopyFrom(ReadOnlySpan<T> array, int arrayIndex = 0, long tensorIndex = 0)
    {
        var source = array[arrayIndex..];
        if (tensorIndex == 0 && source.Length == Count)
        {
            tensor.CopyFrom(source);
            return;
        }

        var all = ToArray();
        var count = (int)Math.Min(source.Length, Count - tensorIndex);
        source[..count].CopyTo(all.AsSpan((int)tensorIndex));
        tensor.CopyFrom((ReadOnlySpan<T>)all);
    }

    public IEnumerator<T> GetEnumerator() => ((IEnumerable<T>)ToArray()).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Nothing to free: the memory is the tensor's.</summary>
    public void Dispose() { }

    private unsafe T* Address(long[] indices)
    {
        var shape = tensor.shape;
        var strides = tensor.stride();
        if (indices.Length != shape.Length)
            throw new ArgumentOutOfRangeException(nameof(indices), $"Expected {shape.Length} indices for shape [{string.Join(", ", shape)}], got {indices.Length}.");
        long offset = 0;
        for (var i = 0; i < indices.Length; i++)
        {
            if (indices[i] < 0 || indices[i] >= shape[i])
                throw new ArgumentOutOfRangeException(nameof(indices), $"Index {indices[i]} of dimension {i} is outside 0..{shape[i] - 1}.");
            offset += indices[i] * strides[i];
        }

        return (T*)KdRobust.Torch.Interop.Native.kt_tensor_data(tensor.Handle) + offset;
    }
}

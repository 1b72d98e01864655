# %% [markdown] tags=["head"]
# # Solutions to chapter 6
#
# Try first: `hint("6.E2")` says less than this page.

# %% tags=["setup"]
import numpy as np

from tinygen.course import check

# %% [markdown] tags=["sol-6-1"]
# **6.1** $\lfloor(64+4-5)/2\rfloor+1=31+1=32$: half, as one wants it.

# %% tags=["sol-6-1"]
check("6.E1", (64 + 2 * 2 - 5) // 2 + 1)

# %% [markdown] tags=["sol-6-2"]
# **6.2** The filter reaches over $d(k-1)+1$ pixels. Put that for $k$ into Eq. (6.2).


# %% tags=["sol-6-2"]
def dilated_size(H, k, s, p, d):
    return (H + 2 * p - d * (k - 1) - 1) // s + 1


check("6.E2", dilated_size)

# %% [markdown] tags=["sol-6-3"]
# **6.3** $64\cdot128\cdot16=131{,}072$ weights against $12{,}544\cdot6{,}272=78.7$ million: 600 times.

# %% tags=["sol-6-3"]
weights = 64 * 128 * 4 * 4
print(weights, 64 * 14 * 14 * 128 * 7 * 7)
check("6.E3", 64 * 14 * 14 * 128 * 7 * 7 / weights)

# %% [markdown] tags=["sol-6-4"]
# **6.4** Backward of a convolution is the transposed convolution: spread, add, cut the padding off. Pixels at the end that no
# filter reached get 0.


# %% tags=["sol-6-4"]
def slope_of_input(g, w, s, p, H):
    out = np.zeros(H + 2 * p)
    for i, number in enumerate(g):
        out[i * s : i * s + len(w)] += number * w
    return out[p : p + H]


check("6.E4", slope_of_input)

# %% [markdown] tags=["sol-6-5"]
# **6.5** Each layer lets one more pixel in on each side: $2n+1$. Ten layers see 21 pixels; a stride of 2 doubles
# what every later layer adds, and that is one reason for strides.


# %% tags=["sol-6-5"]
def field(n):
    return 2 * n + 1


check("6.E5", field)

# %% [markdown] tags=["sol-6-6"]
# **6.6** $\lceil6/4\rceil=2$, $\lfloor6/4\rfloor=1$, squared: 4.

# %% tags=["sol-6-6"]
check("6.E6", (2 / 1) ** 2)

# %% [markdown] tags=["sol-6-7"]
# **6.7** $H=14$ and $15$ both give $I=7$; coming back, the transposed convolution makes 14, and `output_padding=1` makes 15. A
# side of 28 shrinks to 14, to 7, and then $\lfloor(7+2-4)/2\rfloor+1=3$: 128·3·3 numbers. The document prints 4·4, as if 7
# were 8; the program would stop at the first batch.

# %% tags=["sol-6-7"]
size = 28
for _ in range(3):
    size = (size + 2 - 4) // 2 + 1
    print(size)

/* A CUDA device that is not there.
 *
 * CuPy's modules import their calls of the CUDA runtime and driver from each other as C
 * functions, through the dictionaries __pyx_capi__.  Here are functions to put in their
 * place: device memory is host memory, copies copy, and a kernel launch is counted and
 * does nothing.  All else of CuPy is the real one: its checks of types and shapes, its
 * choice of kernels, its copies and its waits.
 */
#include <Python.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef intptr_t address;
typedef int skip; /* Cython's __pyx_skip_dispatch */

static struct {
    long launches, to_device, to_host, within, waits, fills;
} counts;

#define MOST 65536
static char *names[MOST]; /* of the kernels that were loaded */
static long launched[MOST];
static address kernels = 1;

static PyObject *none(void) { return Py_NewRef(Py_None); }

/* -- memory ---------------------------------------------------------------------- */

static address allocate(size_t size, skip s) {
    void *memory = NULL;
    if (posix_memalign(&memory, 512, size ? size : 512)) return 0;
    return (address)memset(memory, 0, size);
}
static PyObject *release(address memory, skip s) {
    free((void *)memory);
    return none();
}
static address allocate_host(size_t size, unsigned flags, skip s) {
    return allocate(size, 0);
}
static PyObject *copy(address to, address from, size_t size, int kind, skip s) {
    if (kind == 1) counts.to_device++;
    else if (kind == 2) counts.to_host++;
    else counts.within++;
    memmove((void *)to, (void *)from, size);
    return none();
}
static PyObject *copy_later(address to, address from, size_t size, int kind,
                            address stream, skip s) {
    return copy(to, from, size, kind, 0);
}
static PyObject *fill(address memory, int value, size_t size, skip s) {
    counts.fills++;
    memset((void *)memory, value, size);
    return none();
}
static PyObject *fill_later(address memory, int value, size_t size, address stream,
                            skip s) {
    return fill(memory, value, size, 0);
}
static PyObject *free_and_total(skip s) {
    return Py_BuildValue("(ll)", 140L << 30, 141L << 30);
}
static int memory_type(address memory, skip s) { return 0; }

/* -- the device ------------------------------------------------------------------ */

static int device(skip s) { return 0; }
static int device_count(skip s) { return 1; }
static PyObject *set_device(int device, skip s) { return none(); }
static PyObject *context(void) { return none(); }
static int peers(int one, int other, skip s) { return 1; }
static int attribute(int which, int device, skip s) {
    switch (which) {
        case 75: return 9;           /* compute capability 9.0 */
        case 76: return 0;
        case 16: return 132;         /* multiprocessors */
        case 10: return 32;          /* threads in a warp */
        case 1: case 2: return 1024; /* threads in a block, along x */
        case 5: return 2147483647;   /* blocks along x */
        case 6: return 65535;
        case 8: return 49152;        /* shared memory of a block */
        case 81: return 233472;
        case 39: return 2048;
    }
    return 1;
}
static PyObject *properties(int device, skip s) {
    return Py_BuildValue("{s:i,s:i,s:i,s:i,s:i,s:i,s:i,s:y}", "warpSize", 32,
                         "multiProcessorCount", 132, "maxThreadsPerBlock", 1024,
                         "sharedMemPerBlock", 49152, "regsPerBlock", 65536, "major", 9,
                         "minor", 0, "name", "fake");
}

/* -- streams and events ---------------------------------------------------------- */

static PyObject *wait_stream(address stream, skip s) {
    counts.waits++;
    return none();
}
static PyObject *wait_device(skip s) {
    counts.waits++;
    return none();
}
static int capturing = 0;
static int is_capturing(address stream, skip s) { return capturing; }
static PyObject *begin_capture(address stream, skip s, void *options) {
    capturing = 1;
    return none();
}
static address end_capture(address stream, skip s) {
    capturing = 0;
    return 9;
}
static address instantiate(address graph, skip s) { return 10; }
static PyObject *launch_graph(address graph, address stream, skip s) {
    counts.launches++;
    return none();
}
static PyObject *end_of(address it, skip s) { return none(); }
static address new_stream(unsigned flags, int priority, skip s) { return 77; }
static address new_plain_stream(unsigned flags, skip s) { return 77; }
static address new_event(skip s) { return 5; }
static address new_flagged_event(unsigned flags, skip s) { return 5; }
static PyObject *record_event(address event, address stream, skip s) { return none(); }
static PyObject *query_event(address event, skip s) { return none(); }
static float elapsed(address start, address end, skip s) { return 0.001f; }

/* -- kernels --------------------------------------------------------------------- */

static address current_context(skip s) { return 1; }
static int context_device(skip s) { return 0; }
static address load_module(PyObject *image, skip s) { return 1; }
static PyObject *unload_module(address module, skip s) { return none(); }
static address load_kernel(address module, PyObject *name, skip s) {
    const char *text = PyUnicode_AsUTF8(name);
    if (kernels < MOST) names[kernels] = strdup(text ? text : "?");
    return kernels++;
}
static int kernel_attribute(int which, address kernel, skip s) { return 1024; }
static PyObject *set_kernel_attribute(address kernel, int which, int value, skip s) {
    return none();
}
static int occupancy(address kernel, int block, size_t shared, skip s) { return 8; }
static PyObject *launch(address kernel, unsigned gx, unsigned gy, unsigned gz,
                        unsigned bx, unsigned by, unsigned bz, unsigned shared,
                        address stream, address arguments, address extra, skip s) {
    counts.launches++;
    if (kernel > 0 && kernel < MOST) launched[kernel]++;
    return none();
}
static PyObject *launch_together(address kernel, unsigned gx, unsigned gy, unsigned gz,
                                 unsigned bx, unsigned by, unsigned bz, unsigned shared,
                                 address stream, address arguments, skip s) {
    counts.launches++;
    return none();
}

/* -- putting them in place ------------------------------------------------------- */

typedef struct {
    const char *name;
    void *function;
} replacement;

static replacement of_runtime[] = {
    {"getDevice", device}, {"getDeviceCount", device_count}, {"setDevice", set_device},
    {"malloc", allocate}, {"free", release}, {"hostAlloc", allocate_host},
    {"freeHost", release}, {"memcpy", copy}, {"memcpyAsync", copy_later},
    {"memset", fill}, {"memsetAsync", fill_later}, {"memGetInfo", free_and_total},
    {"streamSynchronize", wait_stream}, {"deviceSynchronize", wait_device},
    {"streamIsCapturing", is_capturing}, {"streamDestroy", end_of},
    {"streamBeginCapture", begin_capture}, {"streamEndCapture", end_capture},
    {"graphInstantiate", instantiate}, {"graphLaunch", launch_graph},
    {"graphDestroy", end_of}, {"graphExecDestroy", end_of},
    {"streamCreateWithPriority", new_stream},
    {"streamCreateWithFlags", new_plain_stream}, {"eventCreate", new_event},
    {"eventCreateWithFlags", new_flagged_event}, {"eventDestroy", end_of},
    {"eventRecord", record_event}, {"eventSynchronize", wait_stream},
    {"eventQuery", query_event}, {"eventElapsedTime", elapsed},
    {"deviceGetAttribute", attribute}, {"getDeviceProperties", properties},
    {"deviceCanAccessPeer", peers}, {"pointerGetMemoryType", memory_type},
    {"_ensure_context", context}, {NULL, NULL}};
static replacement of_driver[] = {
    {"ctxGetCurrent", current_context}, {"ctxGetDevice", context_device},
    {"moduleLoadData", load_module}, {"moduleUnload", unload_module},
    {"moduleGetFunction", load_kernel}, {"funcGetAttribute", kernel_attribute},
    {"funcSetAttribute", set_kernel_attribute},
    {"occupancyMaxActiveBlocksPerMultiprocessor", occupancy},
    {"launchKernel", launch}, {"launchCooperativeKernel", launch_together},
    {NULL, NULL}};

static int replace(PyObject *dictionary, replacement *table) {
    for (; table->name; table++) {
        PyObject *old = PyDict_GetItemString(dictionary, table->name);
        if (!old) {
            PyErr_Format(PyExc_KeyError, "this CuPy has no %s", table->name);
            return -1;
        }
        const char *signature = PyCapsule_GetName(old); /* must stay as it is */
        PyObject *capsule = PyCapsule_New(table->function, strdup(signature), NULL);
        if (!capsule || PyDict_SetItemString(dictionary, table->name, capsule)) return -1;
        Py_DECREF(capsule);
    }
    return 0;
}

static PyObject *patch(PyObject *self, PyObject *args) {
    PyObject *runtime, *driver;
    if (!PyArg_ParseTuple(args, "OO", &runtime, &driver)) return NULL;
    if (replace(runtime, of_runtime) || replace(driver, of_driver)) return NULL;
    return none();
}

static PyObject *read_counts(PyObject *self, PyObject *args) {
    return Py_BuildValue("{s:l,s:l,s:l,s:l,s:l,s:l}", "launches", counts.launches,
                         "to_device", counts.to_device, "to_host", counts.to_host,
                         "within", counts.within, "waits", counts.waits, "fills",
                         counts.fills);
}

static PyObject *read_kernels(PyObject *self, PyObject *args) {
    PyObject *found = PyDict_New();
    for (address k = 1; k < kernels && k < MOST; k++) {
        if (!launched[k]) continue;
        PyObject *before = PyDict_GetItemString(found, names[k]);
        long sum = launched[k] + (before ? PyLong_AsLong(before) : 0);
        PyObject *value = PyLong_FromLong(sum);
        PyDict_SetItemString(found, names[k], value);
        Py_DECREF(value);
    }
    return found;
}

static PyObject *reset(PyObject *self, PyObject *args) {
    memset(&counts, 0, sizeof counts);
    memset(launched, 0, sizeof launched);
    return none();
}

static PyObject *count_launch(PyObject *self, PyObject *args) {
    counts.launches++;
    return none();
}

static PyObject *ask_capturing(PyObject *self, PyObject *args) {
    return PyBool_FromLong(capturing);
}

static PyMethodDef methods[] = {
    {"capturing", ask_capturing, METH_NOARGS, "Whether a graph is being captured."},
    {"patch", patch, METH_VARARGS, "Replace the calls in two __pyx_capi__."},
    {"counts", read_counts, METH_NOARGS, "What was done since reset."},
    {"kernels", read_kernels, METH_NOARGS, "Name of a kernel -> launches."},
    {"reset", reset, METH_NOARGS, "Forget all counts."},
    {"count_launch", count_launch, METH_NOARGS, "Count one, of a library."},
    {NULL, NULL, 0, NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "fakecuda", NULL, -1, methods};
PyMODINIT_FUNC PyInit_fakecuda(void) { return PyModule_Create(&module); }

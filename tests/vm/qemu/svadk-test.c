/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright(c) 2026 The SVADK authors */
/*
 * A PCI Express function for tests of shared virtual addressing: a copy engine that is
 * programmed with addresses and, if wanted, a PASID. tests/vm/README.md has its registers.
 *
 * All DMA goes through the emulated VT-d as the function's own, in pieces that do not cross
 * a page; there is no address translation cache, so nothing is to be done when the IOMMU
 * sends invalidations to it. With PRI, a command that finds no page asks the IOMMU for it and
 * goes on when it has been answered, one request at a time. Everything runs under QEMU's big
 * lock.
 */
#include "qemu/osdep.h"
#include "qemu/main-loop.h"
#include "qemu/module.h"
#include "qemu/timer.h"
#include "hw/i386/intel_iommu.h"
#include "hw/pci/msix.h"
#include "hw/pci/pci_device.h"
#include "hw/qdev-properties.h"
#include "migration/vmstate.h"
#include "qapi/error.h"
#include "qom/object.h"

#define TYPE_SVADK_TEST		"svadk-test"
OBJECT_DECLARE_SIMPLE_TYPE(SvadkTest, SVADK_TEST)

#define VENDOR_ID		0x1234
#define DEVICE_ID		0x5ada

/* Offsets in BAR 0; of the 64-bit registers, the low half. */
enum {
	REG_ID		= 0x00,
	REG_STATUS	= 0x04,
	REG_PASID	= 0x08,
	REG_CMD		= 0x0c,
	REG_SRC		= 0x10,
	REG_DST		= 0x18,
	REG_LEN		= 0x20,
	REG_FAULT_ADDR	= 0x28,
	REG_COUNT	= 0x30,
};

enum { STATUS_IDLE, STATUS_BUSY, STATUS_DONE, STATUS_FAULT, STATUS_BAD };
enum { CMD_COPY = 1, CMD_FILL, CMD_STREAM, CMD_STOP, CMD_MSIX };

#define ID_VALUE		0x5ada0001
#define PASID_BITS		20
#define PASID_MASK		((1u << PASID_BITS) - 1)
#define PASID_USE		(1u << 31)
#define PAGE_BYTES		4096u
#define MAX_LEN			(2ull << 30)
#define VECTORS			2
#define STREAM_PERIOD_NS	50000
#define PRGI_MASK		0x1ffu

/* Room for a capability in the extended configuration space. */
#define EXT_CAP_BYTES		16

/* What a command needs, as the registers were when it was given. */
typedef struct TestJob {
	uint32_t pasid;
	uint64_t src, dst, len;
} TestJob;

/* What came of an access: an answer to wait for, if there is no page. */
typedef enum Outcome { OUTCOME_DONE, OUTCOME_WAIT, OUTCOME_FAULT } Outcome;

struct SvadkTest {
	PCIDevice parent_obj;

	MemoryRegion bar0;
	QEMUTimer *timer;		/* NULL: unplugged */
	QEMUBH *answered;
	IntelIOMMUState *iommu;		/* with PRI */
	bool has_pasid, has_ats, has_pri;
	uint16_t pasid_cap, ats_cap, pri_cap;	/* where the capabilities are */

	uint32_t status;
	TestJob reg;		/* the registers PASID, SRC, DST and LEN */
	TestJob stream;
	TestJob job;		/* of COPY and FILL */
	bool is_copy;
	uint64_t done;		/* bytes of it */
	uint64_t fault_addr;
	uint64_t count;

	/* The page request that job waits for. */
	bool waiting;
	uint16_t prgi;
	uint64_t wanted;	/* its address */
	VTDPageResponse answer;
};

static uint16_t cap_word(SvadkTest *t, uint16_t cap, unsigned int offset)
{
	return pci_get_word(PCI_DEVICE(t)->config + cap + offset);
}

/* Whether a page that is missing can be asked for. */
static bool may_request(SvadkTest *t, const TestJob *job)
{
	return t->has_pri && job == &t->job && (job->pasid & PASID_USE) &&
	       (cap_word(t, t->ats_cap, PCI_ATS_CTRL) & PCI_ATS_CTRL_ENABLE) &&
	       (cap_word(t, t->pri_cap, PCI_PRI_CTRL) & PCI_PRI_CTRL_ENABLE) &&
	       !(cap_word(t, t->pri_cap, PCI_PRI_STATUS) & PCI_PRI_STATUS_RF) &&
	       pci_get_long(PCI_DEVICE(t)->config + t->pri_cap + PCI_PRI_ALLOC_REQ) > 0;
}

/* The address space that a job's accesses go through, or NULL if it may make none. */
static AddressSpace *job_space(SvadkTest *t, const TestJob *job)
{
	PCIDevice *pci = PCI_DEVICE(t);
	X86IOMMUState *iommu = x86_iommu_get_default();

	if (!(pci_get_word(pci->config + PCI_COMMAND) & PCI_COMMAND_MASTER) ||
	    (pci_get_word(pci->config + pci->pm_cap + PCI_PM_CTRL) & PCI_PM_CTRL_STATE_MASK))
		return NULL;
	if (!(job->pasid & PASID_USE))
		return pci_get_address_space(pci);
	if (!t->has_pasid || !iommu || !object_dynamic_cast(OBJECT(iommu), TYPE_INTEL_IOMMU_DEVICE))
		return NULL;
	if (!(cap_word(t, t->pasid_cap, PCI_PASID_CTRL) & PCI_PASID_CTRL_ENABLE))
		return NULL;
	return &vtd_find_add_as(INTEL_IOMMU_DEVICE(iommu), pci_get_bus(pci), pci->devfn,
				job->pasid & PASID_MASK)->as;
}

/* Makes one access of a job within a page. */
static Outcome dma(SvadkTest *t, const TestJob *job, uint64_t addr, void *buf, uint64_t len,
		   bool write)
{
	MemTxAttrs attrs = { .requester_id = pci_requester_id(PCI_DEVICE(t)) };
	AddressSpace *as = job_space(t, job);
	uint32_t pasid = job->pasid & PASID_MASK;

	if (as && may_request(t, job) &&
	    !vtd_may_access(t->iommu, PCI_DEVICE(t), pasid, addr, write)) {
		t->waiting = true;
		t->wanted = addr;
		t->prgi = (t->prgi + 1) & PRGI_MASK;
		vtd_page_request(t->iommu, PCI_DEVICE(t), pasid, addr, write, t->prgi);
		return OUTCOME_WAIT;
	}
	if (as && address_space_rw(as, addr, attrs, buf, len, write) == MEMTX_OK)
		return OUTCOME_DONE;
	t->fault_addr = addr;
	return OUTCOME_FAULT;
}

static uint64_t to_page_end(uint64_t addr)
{
	return PAGE_BYTES - addr % PAGE_BYTES;
}

/* Both of these begin where *done is, and move it on. */
static Outcome copy(SvadkTest *t, const TestJob *job, uint64_t *done)
{
	uint8_t buf[PAGE_BYTES];

	for (uint64_t n; *done < job->len; *done += n) {
		uint64_t src = job->src + *done, dst = job->dst + *done;
		Outcome outcome;

		n = MIN(job->len - *done, MIN(to_page_end(src), to_page_end(dst)));
		outcome = dma(t, job, src, buf, n, false);
		if (outcome == OUTCOME_DONE)
			outcome = dma(t, job, dst, buf, n, true);
		if (outcome != OUTCOME_DONE)
			return outcome;
	}
	return OUTCOME_DONE;
}

/* Writes job->len bytes at job->dst with a pattern of eight bytes. */
static Outcome fill(SvadkTest *t, const TestJob *job, uint64_t *done, uint64_t pattern)
{
	uint8_t buf[PAGE_BYTES + sizeof(pattern)];

	for (size_t i = 0; i < sizeof(buf); i += sizeof(pattern))
		stq_le_p(buf + i, pattern);
	for (uint64_t n; *done < job->len; *done += n) {
		Outcome outcome;

		n = MIN(job->len - *done, to_page_end(job->dst + *done));
		outcome = dma(t, job, job->dst + *done, buf + *done % sizeof(pattern), n, true);
		if (outcome != OUTCOME_DONE)
			return outcome;
	}
	return OUTCOME_DONE;
}

/* Goes on with job: what STATUS is then. */
static uint32_t go_on(SvadkTest *t)
{
	static const uint32_t status[] = {
		[OUTCOME_DONE] = STATUS_DONE, [OUTCOME_WAIT] = STATUS_BUSY,
		[OUTCOME_FAULT] = STATUS_FAULT,
	};

	return status[t->is_copy ? copy(t, &t->job, &t->done) :
				   fill(t, &t->job, &t->done, t->job.src)];
}

static uint32_t start(SvadkTest *t, bool is_copy)
{
	if (t->reg.len > MAX_LEN)
		return STATUS_BAD;
	t->job = t->reg;
	t->is_copy = is_copy;
	t->done = 0;
	return go_on(t);
}

static void answered(void *opaque)
{
	SvadkTest *t = opaque;

	if (t->answer == VTD_PAGE_RESOLVED) {
		t->status = go_on(t);
		return;
	}
	t->fault_addr = t->wanted;
	t->status = STATUS_FAULT;
}

/* Stopped: there is no request under way, and there will be none. */
static void pri_show_stopped(SvadkTest *t)
{
	uint8_t *status = PCI_DEVICE(t)->config + t->pri_cap + PCI_PRI_STATUS;
	bool stopped = !t->waiting &&
		       !(cap_word(t, t->pri_cap, PCI_PRI_CTRL) & PCI_PRI_CTRL_ENABLE);

	pci_set_word(status, (pci_get_word(status) & ~PCI_PRI_STATUS_STOPPED) |
			     (stopped ? PCI_PRI_STATUS_STOPPED : 0));
}

static void page_response(void *opaque, uint16_t prgi, VTDPageResponse code)
{
	SvadkTest *t = opaque;
	uint8_t *status = PCI_DEVICE(t)->config + t->pri_cap + PCI_PRI_STATUS;

	if (!t->waiting || prgi != t->prgi) {
		pci_word_test_and_set_mask(status, PCI_PRI_STATUS_UPRGI);
		return;
	}
	/* No more requests after that, until PRI is enabled anew. */
	if (code == VTD_PAGE_FAILURE)
		pci_word_test_and_set_mask(status, PCI_PRI_STATUS_RF);
	t->waiting = false;
	t->answer = code;
	pri_show_stopped(t);
	qemu_bh_schedule(t->answered);
}

/* Before and after the registers of PRI may have been written. */
static void pri_written(SvadkTest *t, uint16_t before)
{
	uint8_t *config = PCI_DEVICE(t)->config + t->pri_cap;
	uint16_t ctrl = pci_get_word(config + PCI_PRI_CTRL);

	if (ctrl & ~before & PCI_PRI_CTRL_ENABLE)
		pci_word_test_and_clear_mask(config + PCI_PRI_STATUS, PCI_PRI_STATUS_RF |
					     PCI_PRI_STATUS_UPRGI);
	/* A reset forgets the request, of which the answer will not be known then. */
	if ((ctrl & PCI_PRI_CTRL_RESET) && !(ctrl & PCI_PRI_CTRL_ENABLE) && t->waiting) {
		t->waiting = false;
		t->answer = VTD_PAGE_INVALID;
		qemu_bh_schedule(t->answered);
	}
	pci_set_word(config + PCI_PRI_CTRL, ctrl & ~PCI_PRI_CTRL_RESET);
	pri_show_stopped(t);
}

static void stream_arm(SvadkTest *t)
{
	timer_mod(t->timer, qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) + STREAM_PERIOD_NS);
}

static void stream_tick(void *opaque)
{
	SvadkTest *t = opaque;
	uint64_t done = 0;

	if (fill(t, &t->stream, &done, t->count) != OUTCOME_DONE) {
		t->status = STATUS_FAULT;
		return;
	}
	t->count++;
	stream_arm(t);
}

static uint32_t stream_start(SvadkTest *t)
{
	if (t->reg.len == 0 || t->reg.len > PAGE_BYTES || t->reg.len % sizeof(t->count) != 0)
		return STATUS_BAD;
	t->stream = t->reg;
	t->count = 0;
	stream_arm(t);
	return STATUS_BUSY;
}

static uint32_t msix_raise(SvadkTest *t)
{
	if (t->reg.src >= VECTORS)
		return STATUS_BAD;
	msix_notify(PCI_DEVICE(t), t->reg.src);
	return STATUS_DONE;
}

static void command(SvadkTest *t, uint32_t cmd)
{
	if (cmd == CMD_STOP) {
		if (timer_pending(t->timer)) {
			timer_del(t->timer);
			t->status = STATUS_DONE;
		}
		return;
	}
	if (t->status == STATUS_BUSY)
		return;
	t->fault_addr = 0;
	switch (cmd) {
	case CMD_COPY:
		t->status = start(t, true);
		break;
	case CMD_FILL:
		t->status = start(t, false);
		break;
	case CMD_STREAM:
		t->status = stream_start(t);
		break;
	case CMD_MSIX:
		t->status = msix_raise(t);
		break;
	default:
		t->status = STATUS_BAD;
	}
}

/* QEMU splits accesses of 64 bits, low half first: there are only ones of 32 bits here. */
static uint64_t bar0_read(void *opaque, hwaddr addr, unsigned size)
{
	SvadkTest *t = opaque;

	switch (addr) {
	case REG_ID:
		return ID_VALUE;
	case REG_STATUS:
		return t->status;
	case REG_PASID:
		return t->reg.pasid;
	case REG_SRC:
	case REG_SRC + 4:
		return extract64(t->reg.src, (addr - REG_SRC) * 8, 32);
	case REG_DST:
	case REG_DST + 4:
		return extract64(t->reg.dst, (addr - REG_DST) * 8, 32);
	case REG_LEN:
	case REG_LEN + 4:
		return extract64(t->reg.len, (addr - REG_LEN) * 8, 32);
	case REG_FAULT_ADDR:
	case REG_FAULT_ADDR + 4:
		return extract64(t->fault_addr, (addr - REG_FAULT_ADDR) * 8, 32);
	case REG_COUNT:
	case REG_COUNT + 4:
		return extract64(t->count, (addr - REG_COUNT) * 8, 32);
	default:
		return 0;
	}
}

static void bar0_write(void *opaque, hwaddr addr, uint64_t value, unsigned size)
{
	SvadkTest *t = opaque;

	if (!t->timer)
		return;
	switch (addr) {
	case REG_PASID:
		t->reg.pasid = value & (PASID_USE | PASID_MASK);
		break;
	case REG_CMD:
		command(t, value);
		break;
	case REG_SRC:
	case REG_SRC + 4:
		t->reg.src = deposit64(t->reg.src, (addr - REG_SRC) * 8, 32, value);
		break;
	case REG_DST:
	case REG_DST + 4:
		t->reg.dst = deposit64(t->reg.dst, (addr - REG_DST) * 8, 32, value);
		break;
	case REG_LEN:
	case REG_LEN + 4:
		t->reg.len = deposit64(t->reg.len, (addr - REG_LEN) * 8, 32, value);
		break;
	}
}

static const MemoryRegionOps bar0_ops = {
	.read = bar0_read,
	.write = bar0_write,
	.endianness = DEVICE_LITTLE_ENDIAN,
	.valid = { .min_access_size = 4, .max_access_size = 8 },
	.impl = { .min_access_size = 4, .max_access_size = 4 },
};

/* Also what a function-level reset does. */
static void svadk_test_reset(DeviceState *dev)
{
	SvadkTest *t = SVADK_TEST(dev);
	uint8_t *config = PCI_DEVICE(dev)->config;

	timer_del(t->timer);
	qemu_bh_cancel(t->answered);
	t->waiting = false;
	t->status = STATUS_IDLE;
	t->reg = (TestJob){ 0 };
	t->fault_addr = 0;
	t->count = 0;
	if (t->has_ats)
		pci_set_word(config + t->ats_cap + PCI_ATS_CTRL, 0);
	if (t->has_pasid)
		pci_set_word(config + t->pasid_cap + PCI_PASID_CTRL, 0);
	if (t->has_pri) {
		pci_set_word(config + t->pri_cap + PCI_PRI_CTRL, 0);
		pci_set_long(config + t->pri_cap + PCI_PRI_ALLOC_REQ, 0);
		pci_set_word(config + t->pri_cap + PCI_PRI_STATUS, PCI_PRI_STATUS_PASID);
		pri_show_stopped(t);
	}
}

static void svadk_test_config_write(PCIDevice *pci, uint32_t addr, uint32_t value, int len)
{
	SvadkTest *t = SVADK_TEST(pci);
	uint16_t pri_before = t->has_pri ? cap_word(t, t->pri_cap, PCI_PRI_CTRL) : 0;

	pci_default_write_config(pci, addr, value, len);
	if (t->has_pri)
		pri_written(t, pri_before);
	pcie_cap_flr_write_config(pci, addr, value, len);
}

static void pri_init(SvadkTest *t, uint16_t offset)
{
	PCIDevice *pci = PCI_DEVICE(t);

	t->pri_cap = offset;
	pcie_add_capability(pci, PCI_EXT_CAP_ID_PRI, 1, offset, PCI_EXT_CAP_PRI_SIZEOF);
	pci_set_word(pci->wmask + offset + PCI_PRI_CTRL, PCI_PRI_CTRL_ENABLE | PCI_PRI_CTRL_RESET);
	pci_set_word(pci->config + offset + PCI_PRI_STATUS, PCI_PRI_STATUS_PASID |
		     PCI_PRI_STATUS_STOPPED);
	pci_set_word(pci->w1cmask + offset + PCI_PRI_STATUS, PCI_PRI_STATUS_RF |
		     PCI_PRI_STATUS_UPRGI);
	pci_set_long(pci->config + offset + PCI_PRI_MAX_REQ, 1);
	pci_set_long(pci->wmask + offset + PCI_PRI_ALLOC_REQ, UINT32_MAX);
	vtd_set_page_response(t->iommu, pci, page_response, t);
}

static void svadk_test_realize(PCIDevice *pci, Error **errp)
{
	SvadkTest *t = SVADK_TEST(pci);
	/* The list of extended capabilities starts here, or is empty. */
	uint16_t offset = PCI_CONFIG_SPACE_SIZE;
	X86IOMMUState *iommu = x86_iommu_get_default();
	int pm;

	if (t->has_pri && (!t->has_pasid || !t->has_ats || !iommu ||
			   !object_dynamic_cast(OBJECT(iommu), TYPE_INTEL_IOMMU_DEVICE))) {
		error_setg(errp, "pri=on needs pasid=on, ats=on and an intel-iommu");
		return;
	}
	memory_region_init_io(&t->bar0, OBJECT(t), &bar0_ops, t, TYPE_SVADK_TEST, PAGE_BYTES);
	pci_register_bar(pci, 0, PCI_BASE_ADDRESS_SPACE_MEMORY, &t->bar0);
	if (msix_init_exclusive_bar(pci, VECTORS, 2, errp))
		return;
	for (int i = 0; i < VECTORS; i++)
		msix_vector_use(pci, i);
	pm = pci_pm_init(pci, 0, errp);
	if (pm < 0 || pcie_endpoint_cap_init(pci, 0) < 0) {
		msix_uninit_exclusive_bar(pci);
		return;
	}
	pci_set_word(pci->config + pm + PCI_PM_PMC, 3);
	pci_set_word(pci->config + pm + PCI_PM_CTRL, PCI_PM_CTRL_NO_SOFT_RESET);
	pci_set_word(pci->wmask + pm + PCI_PM_CTRL, PCI_PM_CTRL_STATE_MASK);
	pcie_cap_flr_init(pci);
	if (t->has_ats) {
		t->ats_cap = offset;
		pcie_ats_init(pci, t->ats_cap, true);
		offset += EXT_CAP_BYTES;
	}
	if (t->has_pasid) {
		t->pasid_cap = offset;
		pcie_add_capability(pci, PCI_EXT_CAP_ID_PASID, 1, t->pasid_cap,
				    PCI_EXT_CAP_PASID_SIZEOF);
		pci_set_word(pci->config + t->pasid_cap + PCI_PASID_CAP, PASID_BITS << 8);
		pci_set_word(pci->wmask + t->pasid_cap + PCI_PASID_CTRL, PCI_PASID_CTRL_ENABLE);
		offset += EXT_CAP_BYTES;
	}
	if (t->has_pri) {
		t->iommu = INTEL_IOMMU_DEVICE(iommu);
		pri_init(t, offset);
	}
	t->answered = qemu_bh_new_guarded(answered, t, &DEVICE(pci)->mem_reentrancy_guard);
	t->timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, stream_tick, t);
}

/* A write of a processor that waited for the lock meanwhile comes yet, and finds no timer. */
static void svadk_test_exit(PCIDevice *pci)
{
	SvadkTest *t = SVADK_TEST(pci);

	if (t->has_pri)
		vtd_set_page_response(t->iommu, pci, NULL, NULL);
	qemu_bh_delete(t->answered);
	timer_free(t->timer);
	t->timer = NULL;
	pcie_cap_exit(pci);
	msix_uninit_exclusive_bar(pci);
}

static const Property properties[] = {
	DEFINE_PROP_BOOL("pasid", SvadkTest, has_pasid, true),
	DEFINE_PROP_BOOL("ats", SvadkTest, has_ats, true),
	DEFINE_PROP_BOOL("pri", SvadkTest, has_pri, false),
};

static const VMStateDescription vmstate = {
	.name = TYPE_SVADK_TEST,
	.unmigratable = true,
};

static void svadk_test_class_init(ObjectClass *class, void *data)
{
	DeviceClass *dc = DEVICE_CLASS(class);
	PCIDeviceClass *pc = PCI_DEVICE_CLASS(class);

	dc->desc = "Function for tests of shared virtual addressing";
	dc->vmsd = &vmstate;
	set_bit(DEVICE_CATEGORY_MISC, dc->categories);
	device_class_set_props(dc, properties);
	device_class_set_legacy_reset(dc, svadk_test_reset);
	pc->realize = svadk_test_realize;
	pc->exit = svadk_test_exit;
	pc->config_write = svadk_test_config_write;
	pc->vendor_id = VENDOR_ID;
	pc->device_id = DEVICE_ID;
	pc->revision = 1;
	pc->class_id = PCI_CLASS_OTHERS << 8;
}

static const TypeInfo svadk_test_info = {
	.name = TYPE_SVADK_TEST,
	.parent = TYPE_PCI_DEVICE,
	.instance_size = sizeof(SvadkTest),
	.class_init = svadk_test_class_init,
	.interfaces = (InterfaceInfo[]) {
		{ INTERFACE_PCIE_DEVICE },
		{ }
	},
};

static void svadk_test_register(void)
{
	type_register_static(&svadk_test_info);
}

type_init(svadk_test_register)

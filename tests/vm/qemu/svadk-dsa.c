/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright(c) 2026 The SVADK authors */
/*
 * A PCI Express function that is an Intel DSA version 1 device: lib/model with what a bus
 * has around it. Registers are in BAR 0, portals in BAR 2, as the specification says.
 *
 * Everything runs under QEMU's big lock. Portal writes and commands only queue work; it is
 * done in slices by the main loop, between which the processors of the guest get the lock.
 *
 * All DMA goes through the emulated VT-d as the function's own, in pieces that do not cross
 * a page. There is no translation cache: a translation is asked for and used at once, so
 * nothing is to be done when the IOMMU sends invalidations.
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/main-loop.h"
#include "qemu/memalign.h"
#include "qemu/module.h"
#include "qemu/timer.h"
#include "hw/i386/intel_iommu.h"
#include "hw/pci/msix.h"
#include "hw/pci/pci_device.h"
#include "hw/qdev-properties.h"
#include "migration/vmstate.h"
#include "qom/object.h"

#include "svadk-model/dsa_hw.h"
#include "svadk-model/sva_dsa_model.h"

#define TYPE_SVADK_DSA		"svadk-dsa"
OBJECT_DECLARE_SIMPLE_TYPE(SvadkDsa, SVADK_DSA)

/* Which of its users can tell by that it is this one. */
#define SUBSYSTEM_VENDOR	0x1234
#define SUBSYSTEM_DEVICE	0x5add

#define BAR0_BYTES		0x10000
#define MSIX_TABLE		0x8000
#define MSIX_PBA		0x9000

#define PAGE_BYTES		4096u
#define PASID_BITS		20
#define EXT_CAP_BYTES		16	/* room for a capability */

/*
 * A slice of work: descriptors, and bytes after which a large operation makes way. The
 * pause is for others who want the lock: giving it up and taking it again at once would
 * not let them have it.
 */
#define SLICE_DESCS		32
#define SLICE_BYTES		(256u << 10)
#define PAUSE_NS		20000

/* PCI Express: indexes of page request groups are 9 bits; a real device has as many. */
#define PRI_CAPACITY		512
/* More than engines that wait and aborted requests that are still to be answered. */
#define REQUESTS		64

typedef struct PageRequest {
	uint32_t token;		/* 0: free */
	uint32_t pasid;
	uint64_t va;
	bool write;
	bool sent;		/* or there are as many as software allows */
	uint16_t index;		/* of its group */
} PageRequest;

struct SvadkDsa {
	PCIDevice parent_obj;

	MemoryRegion bar0, bar2;
	char *profile;
	uint32_t wqs;
	uint64_t seed;
	bool has_ats, has_pasid, has_pri;
	uint16_t ats_cap, pasid_cap, pri_cap;	/* where the capabilities are */

	void *memory;		/* of the model */
	struct sva_dsa *model;
	QEMUBH *kick;		/* NULL: unplugged */
	QEMUTimer *resume;
	size_t left;		/* bytes of this slice */
	bool paused;

	PageRequest requests[REQUESTS];
	uint16_t next_index;
};

static uint16_t config_word(SvadkDsa *d, uint16_t offset)
{
	return pci_get_word(PCI_DEVICE(d)->config + offset);
}

static bool ats_on(SvadkDsa *d)
{
	return d->has_ats && (config_word(d, d->ats_cap + PCI_ATS_CTRL) & PCI_ATS_CTRL_ENABLE);
}

static bool pasid_on(SvadkDsa *d)
{
	return d->has_pasid &&
	       (config_word(d, d->pasid_cap + PCI_PASID_CTRL) & PCI_PASID_CTRL_ENABLE);
}

static bool pri_on(SvadkDsa *d)
{
	return d->has_pri && (config_word(d, d->pri_cap + PCI_PRI_CTRL) & PCI_PRI_CTRL_ENABLE);
}

static bool powered(SvadkDsa *d)
{
	return !(config_word(d, PCI_DEVICE(d)->pm_cap + PCI_PM_CTRL) & PCI_PM_CTRL_STATE_MASK);
}

static IntelIOMMUState *vtd(void)
{
	X86IOMMUState *iommu = x86_iommu_get_default();

	return iommu ? (IntelIOMMUState *)object_dynamic_cast(OBJECT(iommu),
							      TYPE_INTEL_IOMMU_DEVICE) : NULL;
}

/* ---- DMA ---- */

/* The address space of a PASID, or NULL where the function may not access any. */
static AddressSpace *space(SvadkDsa *d, uint32_t pasid)
{
	PCIDevice *pci = PCI_DEVICE(d);

	if (!(config_word(d, PCI_COMMAND) & PCI_COMMAND_MASTER) || !powered(d))
		return NULL;
	if (pasid == SVA_DSA_NO_PASID)
		return pci_get_address_space(pci);
	if (!pasid_on(d) || !vtd())
		return NULL;
	return &vtd_find_add_as(vtd(), pci_get_bus(pci), pci->devfn, pasid)->as;
}

/* One access within a page. */
static bool access_page(SvadkDsa *d, AddressSpace *as, uint32_t pasid, uint64_t va, void *buf,
			size_t len, bool write)
{
	MemTxAttrs attrs = { .requester_id = pci_requester_id(PCI_DEVICE(d)) };
	MemTxResult result;

	/* With ATS, a page that is not there is the device's to handle: no fault is logged. */
	if (ats_on(d) && vtd() && !vtd_may_access(vtd(), PCI_DEVICE(d), pasid, va, write))
		return false;
	if (!write || len != 8 || va % 8 != 0)
		return address_space_rw(as, va, attrs, buf, len, write) == MEMTX_OK;
	/* The word that publishes a completion record: after all before it, and at once. */
	smp_wmb();
	address_space_stq_le(as, va, ldq_le_p(buf), attrs, &result);
	return result == MEMTX_OK;
}

static size_t transfer(SvadkDsa *d, uint32_t pasid, uint64_t va, uint8_t *buf, size_t len,
		       bool write, struct sva_dsa_fault *fault)
{
	AddressSpace *as = space(d, pasid);
	size_t done = 0, n;

	for (; done < len; done += n) {
		bool pause = d->left == 0 && len > SVA_DSA_PAUSE_MIN;

		n = MIN(len - done, PAGE_BYTES - (va + done) % PAGE_BYTES);
		if (!pause && as && access_page(d, as, pasid, va + done, buf + done, n, write)) {
			d->left -= MIN(d->left, n);
			continue;
		}
		*fault = (struct sva_dsa_fault){ va + done, write, pause };
		d->paused |= pause;
		break;
	}
	return done;
}

static size_t dma_read(void *opaque, uint32_t pasid, uint64_t va, void *buf, size_t len,
		       struct sva_dsa_fault *fault)
{
	return transfer(opaque, pasid, va, buf, len, false, fault);
}

static size_t dma_write(void *opaque, uint32_t pasid, uint64_t va, const void *buf, size_t len,
			struct sva_dsa_fault *fault)
{
	return transfer(opaque, pasid, va, (void *)buf, len, true, fault);
}

static void interrupt(void *opaque, unsigned int vector)
{
	msix_notify(PCI_DEVICE(opaque), vector);
}

/* ---- page requests ---- */

static unsigned int sent_requests(const SvadkDsa *d)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < REQUESTS; i++)
		n += d->requests[i].token != 0 && d->requests[i].sent;
	return n;
}

/* Whether all that was asked is answered, for software that has switched requests off. */
static void set_stopped(SvadkDsa *d)
{
	uint8_t *status;

	if (!d->has_pri)
		return;
	status = PCI_DEVICE(d)->config + d->pri_cap + PCI_PRI_STATUS;
	if (!pri_on(d) && sent_requests(d) == 0)
		pci_word_test_and_set_mask(status, PCI_PRI_STATUS_STOPPED);
	else
		pci_word_test_and_clear_mask(status, PCI_PRI_STATUS_STOPPED);
}

/* Send what software has room for. */
static void send_requests(SvadkDsa *d)
{
	uint32_t most = pci_get_long(PCI_DEVICE(d)->config + d->pri_cap + PCI_PRI_ALLOC_REQ);
	unsigned int sent = sent_requests(d);

	if (!pri_on(d) || !powered(d))
		return;
	for (unsigned int i = 0; i < REQUESTS && sent < most; i++) {
		PageRequest *r = &d->requests[i];

		if (r->token == 0 || r->sent)
			continue;
		r->sent = true;
		sent++;
		vtd_page_request(vtd(), PCI_DEVICE(d), r->pasid, r->va, r->write, r->index);
	}
}

static enum sva_dsa_page page_request(void *opaque, uint32_t token, uint32_t pasid, uint64_t va,
				      bool write)
{
	SvadkDsa *d = opaque;

	/* After a failure PCI Express has the function ask for nothing until it is reset. */
	if (!pri_on(d) || !vtd() || !space(d, pasid) ||
	    (config_word(d, d->pri_cap + PCI_PRI_STATUS) & PCI_PRI_STATUS_RF))
		return SVA_DSA_PAGE_FAILED;
	for (unsigned int i = 0; i < REQUESTS; i++) {
		PageRequest *r = &d->requests[i];

		if (r->token != 0)
			continue;
		*r = (PageRequest){ .token = token, .pasid = pasid, .va = va, .write = write,
				    .index = d->next_index };
		d->next_index = (d->next_index + 1) % PRI_CAPACITY;
		send_requests(d);
		set_stopped(d);
		return SVA_DSA_PAGE_PENDING;
	}
	return SVA_DSA_PAGE_FAILED;
}

/* Inside an access to the IOMMU's registers, where nothing may be sent. */
static void page_response(void *opaque, uint16_t index, VTDPageResponse code)
{
	SvadkDsa *d = opaque;
	uint8_t *status = PCI_DEVICE(d)->config + d->pri_cap + PCI_PRI_STATUS;

	for (unsigned int i = 0; i < REQUESTS; i++) {
		PageRequest *r = &d->requests[i];
		uint32_t token = r->token;

		if (token == 0 || !r->sent || r->index != index)
			continue;
		r->token = 0;
		if (code != VTD_PAGE_RESOLVED && code != VTD_PAGE_INVALID)
			pci_word_test_and_set_mask(status, PCI_PRI_STATUS_RF);
		sva_dsa_page_response(d->model, token, code == VTD_PAGE_RESOLVED);
		set_stopped(d);
		qemu_bh_schedule(d->kick);
		return;
	}
	pci_word_test_and_set_mask(status, PCI_PRI_STATUS_UPRGI);
}

/* Forget them; an answer that comes yet finds nobody. */
static void drop_requests(SvadkDsa *d)
{
	memset(d->requests, 0, sizeof(d->requests));
	set_stopped(d);
}

/*
 * Requests were switched on, which begins anew, or off, after which none is sent. Whoever waits
 * for one that was not does so in vain: the device has halted.
 */
static void pri_switched(SvadkDsa *d)
{
	if (pri_on(d))
		pci_word_test_and_clear_mask(PCI_DEVICE(d)->config + d->pri_cap + PCI_PRI_STATUS,
					     PCI_PRI_STATUS_RF | PCI_PRI_STATUS_UPRGI);
	for (unsigned int i = 0; i < REQUESTS; i++) {
		if (!d->requests[i].sent)
			d->requests[i].token = 0;
	}
	set_stopped(d);
}

static const struct sva_dsa_ops model_ops = {
	.read = dma_read,
	.write = dma_write,
	.interrupt = interrupt,
	.page_request = page_request,
};

static const struct sva_dsa_ops model_ops_no_pri = {
	.read = dma_read,
	.write = dma_write,
	.interrupt = interrupt,
};

/* ---- work ---- */

/* In a bottom half that keeps the model's accesses away from its own BARs. */
static void work(void *opaque)
{
	SvadkDsa *d = opaque;

	if (d->has_pri)
		send_requests(d);
	d->left = SLICE_BYTES;
	d->paused = false;
	if (sva_dsa_step(d->model, SLICE_DESCS) != 0 || d->paused)
		timer_mod(d->resume, qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) + PAUSE_NS);
}

static void resume(void *opaque)
{
	SvadkDsa *d = opaque;

	qemu_bh_schedule(d->kick);
}

/* ---- BARs ---- */

static uint64_t bar0_read(void *opaque, hwaddr addr, unsigned int size)
{
	SvadkDsa *d = opaque;

	return sva_dsa_mmio_read(d->model, addr, size);
}

static void bar0_write(void *opaque, hwaddr addr, uint64_t value, unsigned int size)
{
	SvadkDsa *d = opaque;

	if (!d->kick)
		return;
	sva_dsa_mmio_write(d->model, addr, value, size);
	/* A command may have let work go on, or waits for it. */
	qemu_bh_schedule(d->kick);
}

static const MemoryRegionOps bar0_ops = {
	.read = bar0_read,
	.write = bar0_write,
	.endianness = DEVICE_LITTLE_ENDIAN,
	.valid = { .min_access_size = 1, .max_access_size = 8 },
	.impl = { .min_access_size = 1, .max_access_size = 8 },
};

static uint64_t bar2_read(void *opaque, hwaddr addr, unsigned int size)
{
	SvadkDsa *d = opaque;

	return sva_dsa_portal_read(d->model, addr, size);
}

static void bar2_write(void *opaque, hwaddr addr, uint64_t value, unsigned int size)
{
	SvadkDsa *d = opaque;

	if (!d->kick)
		return;
	sva_dsa_portal_store(d->model, addr, value, size);
	qemu_bh_schedule(d->kick);
}

static const MemoryRegionOps bar2_ops = {
	.read = bar2_read,
	.write = bar2_write,
	.endianness = DEVICE_LITTLE_ENDIAN,
	.valid = { .min_access_size = 1, .max_access_size = 8 },
	.impl = { .min_access_size = 1, .max_access_size = 8 },
};

/* ---- configuration space ---- */

/* Tell the model what the configuration space says. */
static void sync_config(SvadkDsa *d)
{
	uint16_t pasid = d->has_pasid ? config_word(d, d->pasid_cap + PCI_PASID_CTRL) : 0;
	unsigned int enabled = 0;

	if (pasid & PCI_PASID_CTRL_ENABLE) {
		enabled |= SVA_DSA_PCI_PASID;
		if (pasid & PCI_PASID_CTRL_PRIV)
			enabled |= SVA_DSA_PCI_PRIV;
	}
	if (pri_on(d))
		enabled |= SVA_DSA_PCI_PRS;
	sva_dsa_pci_enable(d->model, enabled);
	sva_dsa_bus_master(d->model, powered(d) &&
			   (config_word(d, PCI_COMMAND) & PCI_COMMAND_MASTER));
}

static void config_write(PCIDevice *pci, uint32_t addr, uint32_t value, int len)
{
	SvadkDsa *d = SVADK_DSA(pci);
	bool pri = pri_on(d);

	pci_default_write_config(pci, addr, value, len);
	if (d->has_pri) {
		uint8_t *control = pci->config + d->pri_cap + PCI_PRI_CTRL;

		if (pri != pri_on(d))
			pri_switched(d);
		if (pci_word_test_and_clear_mask(control, PCI_PRI_CTRL_RESET) && !pri_on(d))
			drop_requests(d);
	}
	sync_config(d);
	qemu_bh_schedule(d->kick);
	pcie_cap_flr_write_config(pci, addr, value, len);
}

/* Also what a function-level reset does. */
static void svadk_dsa_reset(DeviceState *dev)
{
	SvadkDsa *d = SVADK_DSA(dev);
	uint8_t *config = PCI_DEVICE(dev)->config;

	qemu_bh_cancel(d->kick);
	timer_del(d->resume);
	if (d->has_ats)
		pci_set_word(config + d->ats_cap + PCI_ATS_CTRL, 0);
	if (d->has_pasid)
		pci_set_word(config + d->pasid_cap + PCI_PASID_CTRL, 0);
	if (d->has_pri) {
		pci_set_word(config + d->pri_cap + PCI_PRI_CTRL, 0);
		pci_set_word(config + d->pri_cap + PCI_PRI_STATUS, PCI_PRI_STATUS_PASID);
		pci_set_long(config + d->pri_cap + PCI_PRI_ALLOC_REQ, 0);
	}
	drop_requests(d);
	sva_dsa_flr(d->model);
	sync_config(d);
}

static void add_capabilities(SvadkDsa *d)
{
	PCIDevice *pci = PCI_DEVICE(d);
	/* The list of extended capabilities starts here, or is empty. */
	uint16_t offset = PCI_CONFIG_SPACE_SIZE;

	if (d->has_ats) {
		d->ats_cap = offset;
		pcie_ats_init(pci, offset, true);
		offset += EXT_CAP_BYTES;
	}
	if (d->has_pasid) {
		d->pasid_cap = offset;
		pcie_add_capability(pci, PCI_EXT_CAP_ID_PASID, 1, offset,
				    PCI_EXT_CAP_PASID_SIZEOF);
		pci_set_word(pci->config + offset + PCI_PASID_CAP,
			     PASID_BITS << 8 | PCI_PASID_CAP_PRIV);
		pci_set_word(pci->wmask + offset + PCI_PASID_CTRL,
			     PCI_PASID_CTRL_ENABLE | PCI_PASID_CTRL_PRIV);
		offset += EXT_CAP_BYTES;
	}
	if (d->has_pri) {
		d->pri_cap = offset;
		pcie_add_capability(pci, PCI_EXT_CAP_ID_PRI, 1, offset, PCI_EXT_CAP_PRI_SIZEOF);
		pci_set_long(pci->config + offset + PCI_PRI_MAX_REQ, PRI_CAPACITY);
		pci_set_word(pci->wmask + offset + PCI_PRI_CTRL,
			     PCI_PRI_CTRL_ENABLE | PCI_PRI_CTRL_RESET);
		pci_set_word(pci->w1cmask + offset + PCI_PRI_STATUS,
			     PCI_PRI_STATUS_RF | PCI_PRI_STATUS_UPRGI);
		pci_set_long(pci->wmask + offset + PCI_PRI_ALLOC_REQ, UINT32_MAX);
	}
}

static bool add_bars(SvadkDsa *d, Error **errp)
{
	PCIDevice *pci = PCI_DEVICE(d);
	uint64_t portals = pow2ceil(d->wqs * DSA_PORTAL_OFFSET(1, false));
	unsigned int vectors = d->wqs + 1;

	memory_region_init_io(&d->bar0, OBJECT(d), &bar0_ops, d, TYPE_SVADK_DSA, BAR0_BYTES);
	pci_register_bar(pci, 0, PCI_BASE_ADDRESS_SPACE_MEMORY | PCI_BASE_ADDRESS_MEM_TYPE_64 |
			 PCI_BASE_ADDRESS_MEM_PREFETCH, &d->bar0);
	memory_region_init_io(&d->bar2, OBJECT(d), &bar2_ops, d, TYPE_SVADK_DSA "-portals",
			      portals);
	pci_register_bar(pci, 2, PCI_BASE_ADDRESS_SPACE_MEMORY | PCI_BASE_ADDRESS_MEM_TYPE_64 |
			 PCI_BASE_ADDRESS_MEM_PREFETCH, &d->bar2);
	if (msix_init(pci, vectors, &d->bar0, 0, MSIX_TABLE, &d->bar0, 0, MSIX_PBA, 0, errp))
		return false;
	for (unsigned int i = 0; i < vectors; i++)
		msix_vector_use(pci, i);
	return true;
}

static bool make_model(SvadkDsa *d, Error **errp)
{
	const struct sva_dsa_config *profile = sva_dsa_profile(d->profile ?: "default");
	struct sva_dsa_config config;

	if (!profile) {
		error_setg(errp, "profile '%s': there are default and emr", d->profile);
		return false;
	}
	config = *profile;
	config.seed = d->seed;
	if (d->wqs != 0)
		config.num_wqs = d->wqs;
	d->wqs = config.num_wqs;
	d->memory = qemu_memalign(64, sva_dsa_size(&config));
	d->model = sva_dsa_init(d->memory, &config, d->has_pri ? &model_ops : &model_ops_no_pri, d);
	if (!d->model) {
		error_setg(errp, "wqs=%u: 1 to %d", d->wqs, SVA_DSA_MAX_WQS);
		return false;
	}
	return true;
}

static void svadk_dsa_realize(PCIDevice *pci, Error **errp)
{
	SvadkDsa *d = SVADK_DSA(pci);
	int pm;

	if (d->has_pri && !(d->has_pasid && d->has_ats)) {
		error_setg(errp, "pri=on needs pasid=on and ats=on");
		return;
	}
	if (!make_model(d, errp) || !add_bars(d, errp))
		return;
	pm = pci_pm_init(pci, 0, errp);
	if (pm < 0 || pcie_endpoint_cap_init(pci, 0) < 0) {
		msix_uninit(pci, &d->bar0, &d->bar0);
		return;
	}
	pci_set_word(pci->config + pm + PCI_PM_PMC, 3);
	pci_set_word(pci->config + pm + PCI_PM_CTRL, PCI_PM_CTRL_NO_SOFT_RESET);
	pci_set_word(pci->wmask + pm + PCI_PM_CTRL, PCI_PM_CTRL_STATE_MASK);
	pcie_cap_flr_init(pci);
	add_capabilities(d);
	d->kick = qemu_bh_new_guarded(work, d, &DEVICE(d)->mem_reentrancy_guard);
	d->resume = timer_new_ns(QEMU_CLOCK_VIRTUAL, resume, d);
	if (d->has_pri && vtd())
		vtd_set_page_response(vtd(), pci, page_response, d);
}

/*
 * An access of a processor that waited for the lock meanwhile comes yet. There is no PCI
 * function any more that it could have do something, neither vectors nor configuration.
 */
static void svadk_dsa_exit(PCIDevice *pci)
{
	SvadkDsa *d = SVADK_DSA(pci);

	if (d->has_pri && vtd())
		vtd_set_page_response(vtd(), pci, NULL, NULL);
	qemu_bh_delete(d->kick);
	d->kick = NULL;
	timer_free(d->resume);
	pcie_cap_exit(pci);
	msix_uninit(pci, &d->bar0, &d->bar0);
}

/* The accesses have come to their end. */
static void svadk_dsa_finalize(Object *obj)
{
	SvadkDsa *d = SVADK_DSA(obj);

	qemu_vfree(d->memory);
}

static const Property properties[] = {
	DEFINE_PROP_STRING("profile", SvadkDsa, profile),
	DEFINE_PROP_UINT32("wqs", SvadkDsa, wqs, 0),
	DEFINE_PROP_UINT64("seed", SvadkDsa, seed, 0),
	DEFINE_PROP_BOOL("ats", SvadkDsa, has_ats, true),
	DEFINE_PROP_BOOL("pasid", SvadkDsa, has_pasid, true),
	DEFINE_PROP_BOOL("pri", SvadkDsa, has_pri, true),
};

/* The model's state has no place in a migration stream. */
static const VMStateDescription vmstate = {
	.name = TYPE_SVADK_DSA,
	.unmigratable = true,
};

static void svadk_dsa_class_init(ObjectClass *class, void *data)
{
	DeviceClass *dc = DEVICE_CLASS(class);
	PCIDeviceClass *pc = PCI_DEVICE_CLASS(class);

	dc->desc = "Intel Data Streaming Accelerator, version 1";
	dc->vmsd = &vmstate;
	set_bit(DEVICE_CATEGORY_MISC, dc->categories);
	device_class_set_props(dc, properties);
	device_class_set_legacy_reset(dc, svadk_dsa_reset);
	pc->realize = svadk_dsa_realize;
	pc->exit = svadk_dsa_exit;
	pc->config_write = config_write;
	pc->vendor_id = DSA_PCI_VENDOR;
	pc->device_id = DSA_PCI_DEVICE;
	pc->subsystem_vendor_id = SUBSYSTEM_VENDOR;
	pc->subsystem_id = SUBSYSTEM_DEVICE;
	pc->class_id = PCI_CLASS_SYSTEM_OTHER;
}

static const TypeInfo svadk_dsa_info = {
	.name = TYPE_SVADK_DSA,
	.parent = TYPE_PCI_DEVICE,
	.instance_size = sizeof(SvadkDsa),
	.instance_finalize = svadk_dsa_finalize,
	.class_init = svadk_dsa_class_init,
	.interfaces = (InterfaceInfo[]) {
		{ INTERFACE_PCIE_DEVICE },
		{ }
	},
};

static void svadk_dsa_register(void)
{
	type_register_static(&svadk_dsa_info);
}

type_init(svadk_dsa_register)
